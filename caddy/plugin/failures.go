package gateway

import (
	"crypto/hmac"
	"crypto/sha256"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// failureKey is a client, or a client with the user name that it tries. The name is a digest, so that a long one needs no
// more memory.
type failureKey struct {
	client clientKey
	name   [16]byte
}

// failureLimit allows a number of failures in any window of time.
type failureLimit struct {
	limit  int
	window time.Duration
	now    func() time.Time

	mutex sync.Mutex
	// When each failure was, oldest first. Of more keys than the capacity the least recently used are dropped.
	failures *simplelru.LRU[failureKey, []time.Time]
}

func newFailureLimit(limit int, window time.Duration, capacity int) *failureLimit {
	// NewLRU fails only on a capacity below 1.
	failures, err := simplelru.NewLRU[failureKey, []time.Time](capacity, nil)
	if err != nil {
		panic(err)
	}
	return &failureLimit{limit: limit, window: window, now: time.Now, failures: failures}
}

// hasRecent tells whether there was a failure in the window.
func (l *failureLimit) hasRecent(key failureKey) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	// Peek, because a look is no use that keeps the key.
	failures, _ := l.failures.Peek(key)
	return len(failures) > 0 && l.now().Sub(failures[len(failures)-1]) < l.window
}

// wait returns how long a key has to wait for its next attempt, which is 0 below the limit.
func (l *failureLimit) wait(key failureKey) time.Duration {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	// Get, because who still tries must not be forgotten.
	failures, _ := l.failures.Get(key)
	if len(failures) < l.limit {
		return 0
	}
	return max(0, failures[len(failures)-l.limit].Add(l.window).Sub(l.now()))
}

// count counts a failure.
func (l *failureLimit) count(key failureKey) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.add(key, l.now())
}

// countFirst counts a failure and returns true, unless there was one in the window.
func (l *failureLimit) countFirst(key failureKey) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	now := l.now()
	failures, _ := l.failures.Peek(key)
	if len(failures) > 0 && now.Sub(failures[len(failures)-1]) < l.window {
		return false
	}
	l.add(key, now)
	return true
}

// forget takes all failures of a key back.
func (l *failureLimit) forget(key failureKey) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.failures.Remove(key)
}

func (l *failureLimit) add(key failureKey, now time.Time) {
	failures, _ := l.failures.Peek(key)
	failures = slices.DeleteFunc(failures, func(at time.Time) bool { return now.Sub(at) >= l.window })
	// More failures than the limit change nothing, so the oldest is dropped.
	if len(failures) >= l.limit {
		failures = slices.Delete(failures, 0, 1)
	}
	l.failures.Add(key, append(failures, now))
}

// digester makes digests that only this process can make.
type digester struct{ key []byte }

func (d digester) digest(parts ...string) [32]byte {
	mac := hmac.New(sha256.New, d.key)
	for _, part := range parts {
		mac.Write([]byte(part))
		// No part contains a NUL.
		mac.Write([]byte{0})
	}
	return [32]byte(mac.Sum(nil))
}
