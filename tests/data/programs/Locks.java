// SPDX-License-Identifier: Apache-2.0
import java.util.concurrent.*;
import java.util.concurrent.locks.*;
/** Two threads that lock two monitors, two that lock two locks: in opposite order, or "mended" in one order. */
public class Locks {
    static final Object accounts = new Object(), journal = new Object();
    static final ReentrantLock stock = new ReentrantLock(), prices = new ReentrantLock();
    static CyclicBarrier both;
    static void meet(boolean mended) { try { if (!mended) both.await(); else Thread.sleep(200); } catch (Exception e) { throw new RuntimeException(e); } }
    static void transfer(Object first, Object second, boolean mended) { synchronized (first) { meet(mended); synchronized (second) { hold(); } } }
    static void reprice(Lock first, Lock second, boolean mended) { first.lock(); meet(mended); second.lock(); hold(); }
    static void hold() { try { Thread.sleep(1_000_000); } catch (InterruptedException e) { } }
    public static void main(String[] a) throws Exception {
        boolean mended = a[0].equals("mended");
        both = new CyclicBarrier(4);
        Thread.ofPlatform().name("teller").start(() -> transfer(accounts, journal, mended));
        Thread.ofPlatform().name("auditor").start(() -> { if (mended) transfer(accounts, journal, true); else transfer(journal, accounts, false); });
        Thread.ofPlatform().name("buyer").start(() -> reprice(stock, prices, mended));
        Thread.ofPlatform().name("seller").start(() -> { if (mended) reprice(stock, prices, true); else reprice(prices, stock, false); });
        Object bell = new Object();
        Thread.ofPlatform().name("waiter").daemon().start(() -> { synchronized (bell) { try { bell.wait(); } catch (InterruptedException e) { } } });
        Thread.ofPlatform().name("taker").start(() -> { try { new LinkedBlockingQueue<Integer>().take(); } catch (InterruptedException e) { } });
        Thread.ofPlatform().name("bystander").start(() -> { synchronized (accounts) { } });
        Thread.ofVirtual().start(() -> reprice(stock, prices, true));
        Thread.sleep(1500);
        String home = System.getProperty("java.home") + "/bin/", pid = "" + ProcessHandle.current().pid();
        new ProcessBuilder(home + "jstack", pid).redirectOutput(new java.io.File(a[1] + ".txt")).start().waitFor();
        new ProcessBuilder(home + "jstack", "-l", pid).redirectOutput(new java.io.File(a[1] + "-l.txt")).start().waitFor();
        new ProcessBuilder(home + "jcmd", pid, "Thread.dump_to_file", "-overwrite", "-format=json", new java.io.File(a[1] + ".json").getAbsolutePath()).start().waitFor();
        new ProcessBuilder(home + "jcmd", pid, "Thread.dump_to_file", "-overwrite", new java.io.File(a[1] + "-plain.txt").getAbsolutePath()).start().waitFor();
        StringBuilder text = new StringBuilder();
        for (var info : java.lang.management.ManagementFactory.getThreadMXBean().dumpAllThreads(true, true)) text.append(info);
        java.nio.file.Files.writeString(java.nio.file.Path.of(a[1] + "-info.txt"), text);
        Runtime.getRuntime().halt(0);
    }
}
