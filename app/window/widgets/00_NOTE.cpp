#error "From the lead: read NOTE-FROM-LEAD.txt in the root of this worktree (the panels are split between two engineers), then delete this file"
