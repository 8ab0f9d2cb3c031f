package gateway

import (
	"context"
	"sync"
)

// singleFlight runs a function once for all callers that ask for the same key at the same time. It is not
// golang.org/x/sync/singleflight, because there a caller cannot leave early without a goroutine of its own for the
// function, and a panic in that goroutine ends the process instead of one request.
type singleFlight[K comparable, V any] struct {
	mutex   sync.Mutex
	flights map[K]*flight[V]
}

type flight[V any] struct {
	done chan struct{}
	// False when the function failed: its error is the leader's alone.
	shared bool
	result V
}

func newSingleFlight[K comparable, V any]() *singleFlight[K, V] {
	return &singleFlight[K, V]{flights: make(map[K]*flight[V])}
}

// do calls work, or waits for the result of another caller with the same key. led tells whether work was this caller's.
// When the other caller's work fails, this caller calls its own. do returns the context's error when that ends first.
func (f *singleFlight[K, V]) do(ctx context.Context, key K, work func() (V, error)) (result V, led bool, err error) {
	for {
		f.mutex.Lock()
		other, underWay := f.flights[key]
		if !underWay {
			break
		}
		f.mutex.Unlock()
		select {
		case <-other.done:
			if other.shared {
				return other.result, false, nil
			}
		case <-ctx.Done():
			return result, false, ctx.Err()
		}
	}
	own := &flight[V]{done: make(chan struct{})}
	f.flights[key] = own
	f.mutex.Unlock()
	// Deferred, so that a panic in work leaves nobody waiting.
	defer func() {
		f.mutex.Lock()
		delete(f.flights, key)
		f.mutex.Unlock()
		close(own.done)
	}()
	own.result, err = work()
	own.shared = err == nil
	return own.result, true, err
}
