package gateway

import (
	"encoding/binary"
	"runtime"
	"testing"
	"time"
)

func TestFailuresCountForAWindow(t *testing.T) {
	now := time.Now()
	limit := newFailureLimit(2, time.Minute, 10)
	limit.now = func() time.Time { return now }
	key := failureKey{client: alice}
	failAfter := func(seconds int, wait time.Duration) {
		t.Helper()
		now = now.Add(time.Duration(seconds) * time.Second)
		got := limit.wait(key)
		if got != wait {
			t.Errorf("waits %v, not %v", got, wait)
		}
		if got == 0 {
			limit.count(key)
		}
	}
	failAfter(0, 0)
	failAfter(10, 0)
	failAfter(10, 40*time.Second)
	failAfter(39, time.Second)
	failAfter(1, 0)
	failAfter(0, 10*time.Second)

	// Failures beyond the limit do not make a caller wait longer than a window.
	for range 10 {
		limit.count(key)
	}
	failAfter(0, time.Minute)
	if failures, _ := limit.failures.Peek(key); len(failures) != 2 {
		t.Errorf("remembers %d failures, with a limit of 2", len(failures))
	}
	failAfter(60, 0)
}

func TestAClientWithARecentFailureIsKnown(t *testing.T) {
	now := time.Now()
	limit := newFailureLimit(2, time.Minute, 10)
	limit.now = func() time.Time { return now }
	key := failureKey{client: alice}
	expect := func(recent bool) {
		t.Helper()
		if limit.hasRecent(key) != recent {
			t.Errorf("has a recent failure: %v", !recent)
		}
	}
	expect(false)
	limit.count(key)
	expect(true)
	now = now.Add(time.Minute)
	expect(false)
	limit.count(key)
	expect(true)
}

func TestADigestKeepsItsPartsApart(t *testing.T) {
	if d := newDigester(); d.digest("a", "bc") == d.digest("ab", "c") || d.digest("a") == d.digest("a", "") {
		t.Error("two lists of parts have one digest")
	}
}

func TestTheLongestUnseenIsForgottenFirst(t *testing.T) {
	limit := newFailureLimit(1, time.Minute, 2)
	for _, client := range []clientKey{alice, bob, alice, carol} {
		if key := of(client); limit.wait(key) == 0 {
			limit.count(key)
		}
	}
	if limit.wait(of(alice)) == 0 {
		t.Error("who was seen again is forgotten")
	}
	if limit.wait(of(bob)) != 0 {
		t.Error("who was not seen for longest is remembered")
	}
	if limit.failures.Len() != 2 {
		t.Errorf("remembers %d", limit.failures.Len())
	}
}

func TestTheTablesStaySmall(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		return memory.HeapAlloc
	}
	before := heap()
	perAddress := newFailureLimit(20, time.Hour, failuresCapacity)
	perUser := newFailureLimit(10, time.Hour, failuresCapacity)
	for i := range 3 * failuresCapacity {
		var key failureKey
		binary.BigEndian.PutUint32(key.client[:], uint32(i))
		for range 3 {
			perAddress.count(key)
			perUser.count(key)
		}
	}
	used := (heap() - before) >> 20
	t.Logf("two tables of %d with three failures each: %d MiB", failuresCapacity, used)
	if used > 80 {
		t.Errorf("they take %d MiB", used)
	}
	if perAddress.failures.Len() != failuresCapacity {
		t.Errorf("remembers %d", perAddress.failures.Len())
	}
}
