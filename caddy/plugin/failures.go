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

// failureLimit allows a number of failures in any window of time. An attempt counts from its beginning and is released
// when it succeeds, so that attempts at the same time do not exceed the limit.
type failureLimit struct {
	limit  int
	window time.Duration
	now    func() time.Time

	mutex sync.Mutex
	// When each attempt began, oldest first. Of more keys than the capacity the least recently used are dropped.
	attempts *simplelru.LRU[failureKey, []time.Time]
}

func newFailureLimit(limit int, window time.Duration, capacity int) *failureLimit {
	// NewLRU fails only on a capacity below 1.
	attempts, err := simplelru.NewLRU[failureKey, []time.Time](capacity, nil)
	if err != nil {
		panic(err)
	}
	return &failureLimit{limit: limit, window: window, now: time.Now, attempts: attempts}
}

// reservation is a place of one attempt in each of several limits.
type reservation struct {
	limits []*failureLimit
	keys   []failureKey
	at     []time.Time
}

// release undoes the reservation, so that the attempt does not count.
func (r *reservation) release() {
	for i, limit := range r.limits {
		limit.remove(r.keys[i], r.at[i])
	}
}

// hasRecent tells whether there was a failure in the window, or an attempt is under way.
func (l *failureLimit) hasRecent(key failureKey) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	// Peek, because a look is no use that keeps the key.
	attempts, _ := l.attempts.Peek(key)
	return len(attempts) > 0 && l.now().Sub(attempts[len(attempts)-1]) < l.window
}

// reserve counts an attempt, unless that would exceed the limit: then it returns how long to wait.
func (l *failureLimit) reserve(key failureKey) (at time.Time, wait time.Duration) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	now := l.now()
	attempts := l.inWindow(key, now)
	if len(attempts) >= l.limit {
		l.attempts.Add(key, attempts)
		return time.Time{}, attempts[len(attempts)-l.limit].Add(l.window).Sub(now)
	}
	l.attempts.Add(key, append(attempts, now))
	return now, 0
}

// count counts a failure that has happened, even beyond the limit.
func (l *failureLimit) count(key failureKey) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	now := l.now()
	attempts := l.inWindow(key, now)
	// More failures than the limit change nothing, so the oldest is dropped.
	if len(attempts) >= l.limit {
		attempts = slices.Delete(attempts, 0, 1)
	}
	l.attempts.Add(key, append(attempts, now))
}

func (l *failureLimit) inWindow(key failureKey, now time.Time) []time.Time {
	attempts, _ := l.attempts.Peek(key)
	return slices.DeleteFunc(attempts, func(at time.Time) bool { return now.Sub(at) >= l.window })
}

func (l *failureLimit) remove(key failureKey, at time.Time) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	attempts, known := l.attempts.Peek(key)
	if !known {
		return
	}
	if i := slices.Index(attempts, at); i >= 0 {
		attempts = slices.Delete(attempts, i, i+1)
	}
	if len(attempts) == 0 {
		l.attempts.Remove(key)
		return
	}
	l.attempts.Add(key, attempts)
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
