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
	reserve := func(seconds int, wait time.Duration) {
		t.Helper()
		now = now.Add(time.Duration(seconds) * time.Second)
		if _, got := limit.reserve(key); got != wait {
			t.Errorf("waits %v, not %v", got, wait)
		}
	}
	reserve(0, 0)
	reserve(10, 0)
	reserve(10, 40*time.Second)
	reserve(39, time.Second)
	reserve(1, 0)
	reserve(0, 10*time.Second)

	// Failures beyond the limit do not make a caller wait longer than a window.
	for range 10 {
		limit.count(key)
	}
	reserve(0, time.Minute)
	if attempts, _ := limit.attempts.Peek(key); len(attempts) != 2 {
		t.Errorf("remembers %d failures, with a limit of 2", len(attempts))
	}
	reserve(60, 0)
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
	at, _ := limit.reserve(key)
	expect(true)
	now = now.Add(time.Minute)
	expect(false)
	later, _ := limit.reserve(key)
	expect(true)
	(&reservation{[]*failureLimit{limit, limit}, []failureKey{key, key}, []time.Time{at, later}}).release()
	expect(false)
}

func TestAReleasedAttemptLeavesTheOthers(t *testing.T) {
	now := time.Now()
	limit := newFailureLimit(2, time.Minute, 10)
	limit.now = func() time.Time { now = now.Add(time.Second); return now }
	key := failureKey{client: alice}
	at, _ := limit.reserve(key)
	limit.reserve(key)
	(&reservation{[]*failureLimit{limit}, []failureKey{key}, []time.Time{at}}).release()
	if _, wait := limit.reserve(key); wait != 0 {
		t.Errorf("waits %v, although one of two was released", wait)
	}
	if _, wait := limit.reserve(key); wait == 0 {
		t.Error("does not wait after two that were not released")
	}
}

func TestADigestKeepsItsPartsApart(t *testing.T) {
	if d := newDigester(); d.digest("a", "bc") == d.digest("ab", "c") || d.digest("a") == d.digest("a", "") {
		t.Error("two lists of parts have one digest")
	}
}

func TestAReleasedAttemptLeavesNothing(t *testing.T) {
	limit := newFailureLimit(1, time.Minute, 10)
	for range 5 {
		at, wait := limit.reserve(failureKey{client: alice})
		if wait > 0 {
			t.Fatalf("waits %v", wait)
		}
		(&reservation{[]*failureLimit{limit}, []failureKey{{client: alice}}, []time.Time{at}}).release()
	}
	if limit.attempts.Len() != 0 {
		t.Errorf("remembers %d", limit.attempts.Len())
	}
}

func TestTheLongestUnseenIsForgottenFirst(t *testing.T) {
	limit := newFailureLimit(1, time.Minute, 2)
	for _, client := range []clientKey{alice, bob, alice, carol} {
		limit.reserve(failureKey{client: client})
	}
	if _, wait := limit.reserve(failureKey{client: alice}); wait == 0 {
		t.Error("who was seen again is forgotten")
	}
	if _, wait := limit.reserve(failureKey{client: bob}); wait != 0 {
		t.Error("who was not seen for longest is remembered")
	}
	if limit.attempts.Len() != 2 {
		t.Errorf("remembers %d", limit.attempts.Len())
	}
}

func TestAClientIsAnAddressOrANetworkOfIPv6(t *testing.T) {
	for _, same := range [][2]string{
		{"192.0.2.1", "::ffff:192.0.2.1"}, {"2001:db8::1", "2001:db8::ffff:1"}, {"fe80::1%eth0", "fe80::1"}, {"", "@"},
	} {
		if clientKeyOf(same[0]) != clientKeyOf(same[1]) {
			t.Errorf("%s and %s are two clients", same[0], same[1])
		}
	}
	for _, different := range [][2]string{{"192.0.2.1", "192.0.2.2"}, {"2001:db8::1", "2001:db8:0:1::1"}, {"", "192.0.2.1"}} {
		if clientKeyOf(different[0]) == clientKeyOf(different[1]) {
			t.Errorf("%s and %s are one client", different[0], different[1])
		}
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
			perAddress.reserve(key)
			perUser.reserve(key)
		}
	}
	used := (heap() - before) >> 20
	t.Logf("two tables of %d with three failures each: %d MiB", failuresCapacity, used)
	if used > 80 {
		t.Errorf("they take %d MiB", used)
	}
	if perAddress.attempts.Len() != failuresCapacity {
		t.Errorf("remembers %d", perAddress.attempts.Len())
	}
}
