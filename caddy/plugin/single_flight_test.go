package gateway

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestCallersAtTheSameTimeShareOneResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		flights := newSingleFlight[string, int]()
		calls := 0
		do := func(ctx context.Context, key string, result int, err error) (int, bool, error) {
			return flights.do(ctx, key, func() (int, error) {
				calls++
				time.Sleep(time.Second)
				return result, err
			})
		}
		var all sync.WaitGroup
		all.Go(func() {
			if result, led, err := do(t.Context(), "a", 1, nil); result != 1 || !led || err != nil {
				t.Errorf("the first gets %v, %v, %v", result, led, err)
			}
		})
		synctest.Wait()
		for range 5 {
			all.Go(func() {
				if result, led, err := do(t.Context(), "a", 2, nil); result != 1 || led || err != nil {
					t.Errorf("another gets %v, %v, %v", result, led, err)
				}
			})
		}
		all.Go(func() {
			if result, led, _ := do(t.Context(), "b", 3, nil); result != 3 || !led {
				t.Errorf("the caller with another key gets %v, %v", result, led)
			}
		})
		all.Wait()
		if calls != 2 {
			t.Errorf("%d calls for two keys", calls)
		}

		// An error is the leader's alone: one of the others tries again.
		calls = 0
		all.Go(func() {
			if _, led, err := do(t.Context(), "a", 1, errBusy); !errors.Is(err, errBusy) || !led {
				t.Errorf("the first gets %v", err)
			}
		})
		synctest.Wait()
		for range 3 {
			all.Go(func() {
				if result, _, err := do(t.Context(), "a", 2, nil); result != 2 || err != nil {
					t.Errorf("another gets %v, %v", result, err)
				}
			})
		}
		all.Wait()
		if calls != 2 || len(flights.flights) != 0 {
			t.Errorf("%d calls, remembers %d", calls, len(flights.flights))
		}

		// A caller that leaves does not wait for the result.
		all.Go(func() { _, _, _ = do(t.Context(), "a", 1, nil) })
		synctest.Wait()
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, led, err := do(ctx, "a", 2, nil); !errors.Is(err, context.DeadlineExceeded) || led || time.Since(began) != time.Millisecond {
			t.Errorf("a caller that leaves gets %v, %v after %v", led, err, time.Since(began))
		}
		all.Wait()
	})
}

func TestAPanicEndsItsOwnCallAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		flights := newSingleFlight[string, int]()
		var all sync.WaitGroup
		all.Go(func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic is lost")
				}
			}()
			_, _, _ = flights.do(t.Context(), "a", func() (int, error) {
				time.Sleep(time.Second)
				panic("broken")
			})
		})
		synctest.Wait()
		if result, led, err := flights.do(t.Context(), "a", func() (int, error) { return 2, nil }); result != 2 || !led || err != nil {
			t.Errorf("who waited gets %v, %v, %v", result, led, err)
		}
		all.Wait()
	})
}
