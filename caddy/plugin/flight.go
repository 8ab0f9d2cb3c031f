package gateway

import (
	"context"
	"sync"
)

type verdict int

const (
	// it could not be found out, and says nothing to others.
	undecided verdict = iota
	accepted
	rejected
)

type flight struct {
	done    chan struct{}
	verdict verdict
}

// flights decides once about what is asked several times at the same time.
type flights struct {
	mutex   sync.Mutex
	flights map[[32]byte]*flight
}

func newFlights() *flights { return &flights{flights: make(map[[32]byte]*flight)} }

// decide calls work, or waits for another caller's that is under way for the same key; led tells which. Where that one
// came to no verdict, this caller's own work is called.
func (f *flights) decide(ctx context.Context, key [32]byte, work func() (verdict, error)) (v verdict, led bool, err error) {
	for {
		f.mutex.Lock()
		other, underWay := f.flights[key]
		if !underWay {
			break
		}
		f.mutex.Unlock()
		select {
		case <-other.done:
			if other.verdict != undecided {
				return other.verdict, false, nil
			}
		case <-ctx.Done():
			return undecided, false, ctx.Err()
		}
	}
	own := &flight{done: make(chan struct{})}
	f.flights[key] = own
	f.mutex.Unlock()
	defer func() {
		f.mutex.Lock()
		delete(f.flights, key)
		f.mutex.Unlock()
		close(own.done)
	}()
	own.verdict, err = work()
	return own.verdict, true, err
}
