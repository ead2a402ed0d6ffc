// SPDX-License-Identifier: Apache-2.0
// What tests of the real window need beside a source: jobs to feed it, patience, and the window itself.
#pragma once

#include "HandFedSource.h"

#include "widgets/MainWindow.h"

#include <coroscope/model/Ids.h>
#include <coroscope/observe/JobRow.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace coroscope::app {

/// Lets the window work until something holds, at most ten seconds.
bool eventually(const std::function<bool()>& holds);

/// The first job in this slot.
JobId id(std::uint32_t index);

/// A job as the HandFedSource's dictionary knows it: all of its texts and places have its index as their
/// number. 0: no parent.
observe::JobRow job(std::uint32_t index, std::uint32_t parent);

/// The first of these as a root, and below it the jobs up to the last.
std::vector<observe::JobRow> family(std::uint32_t first, std::uint32_t last);

/// A test of the light window of somebody who has never used it before.
class HandFedWindow : public testing::Test {
protected:
    HandFedWindow();
    ~HandFedWindow() override;

    /// Of a window before only the settings are left.
    void show(int width = 1280, int height = 800);
    /// Opens a program with these jobs, and waits for them.
    void open(const std::vector<observe::JobRow>& rows) { open(rows, feed); }
    void open(const std::vector<observe::JobRow>& rows, const std::shared_ptr<Feed>& from);

    std::shared_ptr<Feed> feed = std::make_shared<Feed>(); ///< of the program that is opened without another
    std::unique_ptr<MainWindow> window;
};

} // namespace coroscope::app
