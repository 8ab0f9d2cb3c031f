package gateway

import (
	"container/list"
	"crypto/hmac"
	"crypto/sha256"
	"slices"
	"sync"
	"time"
)

// failureKey is a client, or a client with the name it tries. The name is a digest, so that long ones need no memory.
type failureKey struct {
	client clientKey
	name   [16]byte
}

type failureRecord struct {
	key failureKey
	// when each attempt began, oldest first.
	attempts []time.Time
}

// failureLimit allows so many failures in any window of time. An attempt counts from its beginning and is given back when
// it succeeds, so that attempts at the same time do not exceed the limit.
type failureLimit struct {
	limit  int
	window time.Duration
	// how many keys are remembered; the one not seen for longest goes first.
	capacity int
	now      func() time.Time

	mutex   sync.Mutex
	records map[failureKey]*list.Element
	// most recently used first.
	order *list.List
}

func newFailureLimit(limit int, window time.Duration, capacity int) *failureLimit {
	return &failureLimit{
		limit: limit, window: window, capacity: capacity, now: time.Now,
		records: make(map[failureKey]*list.Element), order: list.New(),
	}
}

// attempt is what was reserved.
type attempt struct {
	limits []*failureLimit
	keys   []failureKey
	at     []time.Time
}

// giveBack makes the attempt as if it had not been.
func (a *attempt) giveBack() {
	for i, limit := range a.limits {
		limit.remove(a.keys[i], a.at[i])
	}
}

// remembers tells whether there was a failure in the window, or an attempt is under way.
func (l *failureLimit) remembers(key failureKey) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	element, known := l.records[key]
	if !known {
		return false
	}
	attempts := element.Value.(*failureRecord).attempts
	return len(attempts) > 0 && l.now().Sub(attempts[len(attempts)-1]) < l.window
}

// reserve counts an attempt, unless that would exceed the limit; then it returns how long to wait.
func (l *failureLimit) reserve(key failureKey) (time.Time, time.Duration) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	now := l.now()
	record := l.record(key, now)
	if len(record.attempts) >= l.limit {
		return time.Time{}, record.attempts[len(record.attempts)-l.limit].Add(l.window).Sub(now)
	}
	record.attempts = append(record.attempts, now)
	return now, 0
}

// count counts a failure that has been, even beyond the limit.
func (l *failureLimit) count(key failureKey) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	now := l.now()
	record := l.record(key, now)
	// more than the limit changes nothing.
	if len(record.attempts) >= l.limit {
		record.attempts = slices.Delete(record.attempts, 0, 1)
	}
	record.attempts = append(record.attempts, now)
}

func (l *failureLimit) record(key failureKey, now time.Time) *failureRecord {
	element, known := l.records[key]
	if !known {
		if l.order.Len() >= l.capacity {
			oldest := l.order.Back()
			delete(l.records, l.order.Remove(oldest).(*failureRecord).key)
		}
		record := &failureRecord{key: key}
		l.records[key] = l.order.PushFront(record)
		return record
	}
	l.order.MoveToFront(element)
	record := element.Value.(*failureRecord)
	record.attempts = slices.DeleteFunc(record.attempts, func(at time.Time) bool { return now.Sub(at) >= l.window })
	return record
}

func (l *failureLimit) remove(key failureKey, at time.Time) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	element, known := l.records[key]
	if !known {
		return
	}
	record := element.Value.(*failureRecord)
	if i := slices.Index(record.attempts, at); i >= 0 {
		record.attempts = slices.Delete(record.attempts, i, i+1)
	}
	if len(record.attempts) == 0 {
		l.order.Remove(element)
		delete(l.records, key)
	}
}

// digester makes digests that only this process can make.
type digester struct{ key []byte }

func (d digester) digest(parts ...string) [32]byte {
	mac := hmac.New(sha256.New, d.key)
	for _, part := range parts {
		mac.Write([]byte(part))
		// no part has one inside.
		mac.Write([]byte{0})
	}
	return [32]byte(mac.Sum(nil))
}
