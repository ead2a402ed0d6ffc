// SPDX-License-Identifier: Apache-2.0
// Writes its goroutines as a profile; with GOTRACEBACK=system, SIGQUIT prints them with all frames.
package main

import (
	"context"
	"net"
	"os"
	"runtime/pprof"
	"sync"
	"time"
)

func worker(jobs chan int) {
	for range jobs {
	}
}
func serve(l net.Listener)                       { l.Accept() }
func handle(ctx context.Context, mu *sync.Mutex) { mu.Lock() }
func start(jobs chan int) {
	for i := 0; i < 4; i++ {
		go worker(jobs)
	}
}

func main() {
	jobs := make(chan int)
	start(jobs)
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	go serve(l)
	var mu sync.Mutex
	mu.Lock()
	pprof.Do(context.Background(), pprof.Labels("handler", "orders", "tenant", "a b"), func(ctx context.Context) {
		for i := 0; i < 3; i++ {
			go handle(ctx, &mu)
		}
	})
	go func() { time.Sleep(time.Hour) }()
	time.Sleep(200 * time.Millisecond)
	f, _ := os.Create("profile1.txt")
	pprof.Lookup("goroutine").WriteTo(f, 1)
	var wg sync.WaitGroup
	wg.Add(1)
	wg.Wait()
}
