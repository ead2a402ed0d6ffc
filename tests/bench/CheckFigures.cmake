# SPDX-License-Identifier: Apache-2.0
# Runs all benchmarks small and looks whether every figure comes out, as a line of JSON. What they say means nothing then.
# Variables: RUN (the script), PROGRAMS (directory), JSON (file to write), WINDOW, PEERS (whether that part was built)
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND ${RUN} --quick --built ${PROGRAMS} --json ${JSON} RESULT_VARIABLE status)
if(NOT status EQUAL 0)
    message(FATAL_ERROR "tests/bench/run: ${status}")
endif()
set(expected record.off.slowdown_1k record.off.slowdown_1m record.stacks.slowdown_1k record.off.sample_slowdown record.off.sample_slowdown_160k record.event.slice_ns
    record.event.stamp_ns record.slice.unobserved_ns record.job_ns attach.100k_ms attach.named.1m_ms attach.1m_ms attach.hung.1m_ms lag.idle.p99_ms
    attach.through.100k_ms attach.through.1m_ms lag.through.idle.p99_ms
    lag.load.p99_ms attach.target.slowdown attach.target.slowdown_empty
    dump.save.1m_ms dump.open.1m_ms groups.1m_ms compare.1m_ms dump.open.debugprobes.1m_ms dump.open.hierarchy.1m_ms
    dump.open.intellij.1m_ms dump.open.jstack.1m_ms dump.open.jdkjson.1m_ms dump.open.go.1m_ms dump.open.json.1m_ms export.json.1m_ms export.kotlin.1m_ms
    export.hierarchy.1m_ms export.markdown.1m_ms export.dot.1m_ms export.trace.1m_ms)
if(PEERS)
    list(APPEND expected runtime.call_ns runtime.yield_ns runtime.spawn_join_1t_ns runtime.spawn_join_2t_ns runtime.skynet_1t_ns
    runtime.skynet_loop_ns runtime.skynet_2t_ns runtime.cancel_throw runtime.cancel_unstarted_ns runtime.timer_ns runtime.channel_ns runtime.mutex_ns runtime.bytes_per_job
    runtime.allocations_per_launch runtime.allocations_per_call)
endif()
if(WINDOW)
    list(APPEND expected window.1m.frame_p50_ms window.1m.frame_p99_ms window.1m.filter_ms window.strip.paint_ms
        window.bytes_per_job
        window.open.debugprobes.1m_ms window.open.hierarchy.1m_ms window.open.intellij.1m_ms window.open.jstack.1m_ms
        window.open.jdkjson.1m_ms window.open.go.1m_ms
        groups.1m.frame_p50_ms groups.1m.frame_p99_ms map.1m.frame_p50_ms map.1m.frame_p99_ms)
endif()
file(STRINGS ${JSON} lines)
foreach(line IN LISTS lines)
    foreach(key figure value unit goal peer peer_value)
        string(JSON ${key} GET "${line}" ${key})
    endforeach()
    if(NOT figure IN_LIST expected AND NOT figure MATCHES "^peer[.]") # peers are measured where they are installed
        message(FATAL_ERROR "not expected: ${line}")
    endif()
    if(NOT value MATCHES "^-?[0-9.]+$" OR (value EQUAL 0 AND NOT figure MATCHES "bytes|allocations"))
        message(FATAL_ERROR "no value: ${line}")
    endif()
    list(REMOVE_ITEM expected ${figure})
endforeach()
if(expected)
    message(FATAL_ERROR "missing: ${expected}")
endif()
