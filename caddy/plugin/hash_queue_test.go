package gateway

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// of makes the key of a client and a name.
func of(client clientKey, name ...byte) failureKey {
	key := failureKey{client: client}
	copy(key.name[:], name)
	return key
}

var alice, bob, carol = clientKeyOf("192.0.2.1"), clientKeyOf("192.0.2.2"), clientKeyOf("192.0.2.3")

func TestOnePasswordIsHashedAtATimeAndTheQueuePausesAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queue := newHashQueue(10, 10)
		began := time.Now()
		var starts []time.Duration
		hash := func(wrong bool) func() bool {
			return func() bool {
				starts = append(starts, time.Since(began))
				time.Sleep(100 * time.Millisecond)
				return wrong
			}
		}
		var all sync.WaitGroup
		for _, wrong := range []bool{true, true, false, true} {
			all.Go(func() {
				if err := queue.do(t.Context(), of(alice), false, hash(wrong)); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		// This one arrives while the second is hashed.
		time.Sleep(250 * time.Millisecond)
		if err := queue.do(t.Context(), of(alice), false, hash(false)); err != nil {
			t.Error(err)
		}
		all.Wait()
		want := []time.Duration{0, 200 * time.Millisecond, 400 * time.Millisecond, 500 * time.Millisecond, 700 * time.Millisecond}
		if !slices.Equal(starts, want) {
			t.Errorf("they start at %v, not at %v", starts, want)
		}
	})
}

func TestClientsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queue := newHashQueue(10, 10)
		var order []string
		var all sync.WaitGroup
		for _, next := range []struct {
			name   string
			client clientKey
		}{{"a1", alice}, {"a2", alice}, {"a3", alice}, {"a4", alice}, {"b1", bob}, {"b2", bob}, {"c1", carol}} {
			all.Go(func() {
				_ = queue.do(t.Context(), of(next.client), false, func() bool {
					order = append(order, next.name)
					time.Sleep(time.Second)
					return false
				})
			})
			synctest.Wait()
		}
		all.Wait()
		if want := []string{"a1", "a2", "b1", "c1", "a3", "b2", "a4"}; !slices.Equal(order, want) {
			t.Errorf("their order is %v, not %v", order, want)
		}
	})
}

func TestUserNamesOfOneClientTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queue := newHashQueue(10, 4)
		var mutex sync.Mutex
		var order []string
		note := func(name string) {
			mutex.Lock()
			defer mutex.Unlock()
			order = append(order, name)
		}
		var all sync.WaitGroup
		wait := func(key failureKey, name string) {
			all.Go(func() {
				err := queue.do(t.Context(), key, false, func() bool {
					note(name)
					time.Sleep(time.Second)
					return false
				})
				if err != nil {
					note(name + " refused")
				}
			})
			synctest.Wait()
		}
		// Where the engine hides addresses, one who guesses the password of 1 has the address of the users 2 and 3.
		for _, name := range []string{"guess 1", "guess 2", "guess 3", "guess 4", "guess 5", "guess 6"} {
			wait(of(alice, 1), name)
		}
		wait(of(alice, 2), "user 2")
		wait(of(alice, 3), "user 3")
		all.Wait()
		want := []string{"guess 1", "guess 6 refused", "guess 5 refused", "guess 4 refused", "guess 2", "user 2", "user 3", "guess 3"}
		if !slices.Equal(order, want) {
			t.Errorf("their order is %q, not %q", order, want)
		}
	})
}

func TestTheQueueIsBoundedForAllAndForOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queue := newHashQueue(3, 2)
		wait := func() bool { time.Sleep(time.Second); return false }
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() { _ = queue.do(t.Context(), of(alice), false, wait) })
			synctest.Wait()
		}
		if err := queue.do(t.Context(), of(alice), false, wait); !errors.Is(err, errBusy) {
			t.Errorf("a third of one client waits: %v", err)
		}
		all.Go(func() { _ = queue.do(t.Context(), of(bob), false, wait) })
		synctest.Wait()
		// Carol takes the place of the last request of alice, who has two.
		all.Go(func() {
			if err := queue.do(t.Context(), of(carol), false, wait); err != nil {
				t.Errorf("who has no place is refused beside one who has two: %v", err)
			}
		})
		synctest.Wait()
		if err := queue.do(t.Context(), of(clientKeyOf("192.0.2.4")), false, wait); !errors.Is(err, errBusy) {
			t.Errorf("a fourth of all waits: %v", err)
		}
		all.Wait()
		if err := queue.do(t.Context(), of(carol), false, wait); err != nil {
			t.Errorf("nobody waits any more: %v", err)
		}
		expectNobodyWaits(t, queue)
	})
}

func TestManyWhoFailedKeepNobodyElseOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const capacity = 32
		queue := newHashQueue(capacity, 4)
		began := time.Now()
		hash := func() bool { time.Sleep(100 * time.Millisecond); return true }
		var all sync.WaitGroup
		refused := 0
		// One is hashed, the others wait.
		for i := range byte(capacity + 1) {
			all.Go(func() {
				if err := queue.do(t.Context(), of(clientKeyOf(netip.AddrFrom4([4]byte{198, 51, 100, i}).String())), true, hash); err != nil {
					refused++
				}
			})
			synctest.Wait()
		}
		if err := queue.do(t.Context(), of(bob), true, hash); !errors.Is(err, errBusy) {
			t.Errorf("one more of those who failed waits: %v", err)
		}
		for _, client := range []clientKey{alice, carol} {
			all.Go(func() {
				if err := queue.do(t.Context(), of(client), false, func() bool { return false }); err != nil {
					t.Errorf("who did not fail is refused: %v", err)
				}
				if waited := time.Since(began); waited > 200*time.Millisecond {
					t.Errorf("who did not fail waits %v, longer than for the one at work", waited)
				}
			})
			synctest.Wait()
		}
		all.Wait()
		if refused != 2 {
			t.Errorf("%d lose their places to two others", refused)
		}
		expectNobodyWaits(t, queue)
	})
}

func TestATurnThatComesTooLateGoesToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 50 {
			queue := newHashQueue(3, 3)
			queue.busy = true
			ctx, cancel := context.WithCancel(t.Context())
			var all sync.WaitGroup
			var err error
			all.Go(func() { err = queue.wait(ctx, of(alice), false) })
			synctest.Wait()
			queue.mutex.Lock()
			cancel()
			queue.busy = queue.regular.pop()
			queue.mutex.Unlock()
			all.Wait()
			if queue.busy == (err != nil) {
				t.Fatalf("the queue is busy: %v, and the client got %v", queue.busy, err)
			}
		}
	})
}

func expectNobodyWaits(t *testing.T, queue *hashQueue) {
	t.Helper()
	// The queue may pause after the last hash.
	time.Sleep(time.Second)
	synctest.Wait()
	for _, line := range []fairQueue{queue.regular, queue.suspect} {
		if len(line.requests) != 0 || len(line.clients) != 0 || line.length != 0 || queue.busy {
			t.Errorf("remembers %v, busy: %v", line, queue.busy)
		}
	}
}

func TestWhoGoesAwayLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queue := newHashQueue(3, 3)
		wait := func() bool { time.Sleep(time.Second); return false }
		var all sync.WaitGroup
		all.Go(func() { _ = queue.do(t.Context(), of(alice), false, wait) })
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		for _, client := range []clientKey{alice, bob, bob} {
			all.Go(func() {
				if err := queue.do(ctx, of(client), client == bob, wait); !errors.Is(err, context.Canceled) {
					t.Errorf("its turn came: %v", err)
				}
			})
		}
		synctest.Wait()
		cancel()
		all.Wait()
		if err := queue.do(t.Context(), of(carol), false, wait); err != nil {
			t.Error(err)
		}
		expectNobodyWaits(t, queue)
	})
}
