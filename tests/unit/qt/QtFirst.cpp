// SPDX-License-Identifier: Apache-2.0
// Qt makes macros of plain words. No header of ours may use them, whoever is included first.
#include <QObject>

#if !defined(slots) || !defined(signals) || !defined(emit) || !defined(foreach)
#error "Qt's words are no macros here: nothing would be tested"
#endif

#include <coroscope/coroscope.h>
#include <coroscope/model/RecordLayout.h>
#include <coroscope/qt/Main.h>
#include <coroscope/qt/ObjectScope.h>
#include <coroscope/record/CRecord.h>
#include <coroscope/record/JobRecord.h>
#include <coroscope/record/OwnJobs.h>
#include <coroscope/record/Record.h>
#include <coroscope/record/Resource.h>
