// SPDX-License-Identifier: Apache-2.0

// The workloads of bench_peers with goroutines. Prints "name value", nanoseconds for one of n.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sort"
	"sync"
	"time"
)

func each(from time.Time, n int) float64 {
	return float64(time.Since(from).Nanoseconds()) / float64(n)
}

func yields(n int) float64 {
	runtime.GOMAXPROCS(1)
	var all sync.WaitGroup
	from := time.Now()
	for range 2 {
		all.Add(1)
		go func() {
			for range n / 2 {
				runtime.Gosched()
			}
			all.Done()
		}()
	}
	all.Wait()
	return each(from, n)
}

func spawnAndJoin(n, threads int) float64 {
	runtime.GOMAXPROCS(threads)
	var all sync.WaitGroup
	from := time.Now()
	for range n {
		all.Add(1)
		go all.Done()
	}
	all.Wait()
	return each(from, n)
}

func skynet(number, leaves int, answer chan<- int) {
	if leaves == 1 {
		answer <- number
		return
	}
	parts := make(chan int, 10)
	for i := range 10 {
		go skynet(number+i*leaves/10, leaves/10, parts)
	}
	sum := 0
	for range 10 {
		sum += <-parts
	}
	answer <- sum
}

func skynetPerLeaf(leaves, threads int) float64 {
	runtime.GOMAXPROCS(threads)
	answer := make(chan int, 1)
	from := time.Now()
	go skynet(0, leaves, answer)
	if <-answer != leaves*(leaves-1)/2 {
		panic("the leaves do not add up")
	}
	return each(from, leaves)
}

func cancel(n int) float64 {
	runtime.GOMAXPROCS(1)
	waiting, stop := context.WithCancel(context.Background())
	var ready, all sync.WaitGroup
	for range n {
		ready.Add(1)
		all.Add(1)
		go func() {
			ready.Done()
			<-waiting.Done()
			all.Done()
		}()
	}
	ready.Wait()
	from := time.Now()
	stop()
	all.Wait()
	return each(from, n)
}

func sleeps(n int) float64 {
	runtime.GOMAXPROCS(1)
	var all sync.WaitGroup
	from := time.Now()
	for i := range n {
		all.Add(1)
		go func() {
			time.Sleep(time.Millisecond + time.Duration(i%64)*time.Microsecond)
			all.Done()
		}()
	}
	all.Wait()
	return each(from, n)
}

func channel(n int) float64 {
	runtime.GOMAXPROCS(1)
	messages := make(chan int)
	from := time.Now()
	go func() {
		for i := range n {
			messages <- i
		}
		close(messages)
	}()
	for range messages {
	}
	return each(from, n)
}

func mutex(n int) float64 {
	runtime.GOMAXPROCS(1)
	var lock sync.Mutex
	var all sync.WaitGroup
	from := time.Now()
	for range 2 {
		all.Add(1)
		go func() {
			for range n / 2 {
				lock.Lock()
				runtime.Gosched()
				lock.Unlock()
			}
			all.Done()
		}()
	}
	all.Wait()
	return each(from, n)
}

func main() {
	n, turns := 1_000_000, 5
	if len(os.Args) > 1 {
		n, turns = 10_000, 1
	}
	for _, one := range []struct {
		name string
		run  func() float64
	}{
		{"yield_ns", func() float64 { return yields(n) }},
		{"spawn_join_1t_ns", func() float64 { return spawnAndJoin(n, 1) }},
		{"spawn_join_2t_ns", func() float64 { return spawnAndJoin(n, 2) }},
		{"skynet_1t_ns", func() float64 { return skynetPerLeaf(n, 1) }},
		{"skynet_2t_ns", func() float64 { return skynetPerLeaf(n, 2) }},
		{"cancel_ns", func() float64 { return cancel(n / 10) }},
		{"timer_ns", func() float64 { return sleeps(n / 10) }},
		{"channel_ns", func() float64 { return channel(n) }},
		{"mutex_ns", func() float64 { return mutex(n) }},
	} {
		var values []float64
		for range turns {
			values = append(values, one.run())
		}
		sort.Float64s(values)
		fmt.Printf("%s %.3f\n", one.name, values[len(values)/2])
	}
}
