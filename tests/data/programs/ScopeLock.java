// SPDX-License-Identifier: Apache-2.0
import java.io.File;
import java.util.concurrent.StructuredTaskScope;
/** Waits for its scope while it holds a monitor that one of the scope's threads wants; or, "mended", does not hold it. */
public class ScopeLock {
    static final Object orders = new Object();
    static void request(boolean mended) throws Exception {
        try (var scope = StructuredTaskScope.open()) {
            scope.fork(() -> { Thread.sleep(1_000_000); return 1; });
            scope.fork(() -> { if (!mended) Thread.sleep(200); synchronized (orders) { Thread.sleep(mended ? 1_000_000 : 1); } return 2; });
            if (mended)
                scope.join();
            else
                synchronized (orders) { scope.join(); }
        }
    }
    public static void main(String[] a) throws Exception {
        boolean mended = a[0].equals("mended");
        Thread.ofPlatform().name("request").start(() -> { try { request(mended); } catch (Exception e) { e.printStackTrace(); } });
        Thread.sleep(1500);
        new ProcessBuilder(System.getProperty("java.home") + "/bin/jcmd", "" + ProcessHandle.current().pid(), "Thread.dump_to_file", "-overwrite", "-format=json", new File(a[1]).getAbsolutePath()).start().waitFor();
        Runtime.getRuntime().halt(0);
    }
}
