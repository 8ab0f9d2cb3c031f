package gateway

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

var errBusy = errors.New("too many logins are waiting")

// hashQueue lets one password be hashed at a time. After a wrong password it pauses for as long as the hash took, so that a
// flood of wrong passwords costs half a core. Clients take turns, and each may wait with a few requests only. Clients
// without recent failures come first. When the queue is full they take the place of a client with failures, so that many
// guessing clients keep nobody else out.
type hashQueue struct {
	// How many requests may wait: of all clients, and of one.
	capacity, capacityPerClient int

	mutex sync.Mutex
	busy  bool
	// Clients without recent failures, and clients with some.
	regular, suspect fairQueue
}

// fairQueue holds waiting requests by client, and the clients in the order of their turns.
type fairQueue struct {
	clients  []clientKey
	requests map[clientKey][]chan struct{}
	length   int
}

func newHashQueue(capacity, capacityPerClient int) *hashQueue {
	queue := func() fairQueue { return fairQueue{requests: make(map[clientKey][]chan struct{})} }
	return &hashQueue{capacity: capacity, capacityPerClient: capacityPerClient, regular: queue(), suspect: queue()}
}

// do calls work when it is the client's turn. work returns whether the queue pauses afterwards. do returns errBusy when the
// queue has no place for the request, and the context's error when that ends first; in both cases work is not called.
func (q *hashQueue) do(ctx context.Context, client clientKey, suspect bool, work func() (pause bool)) error {
	if err := q.wait(ctx, client, suspect); err != nil {
		return err
	}
	began := time.Now()
	pause := true
	// Deferred, so that a panic in work does not block the queue for ever.
	defer func() {
		if pause {
			time.AfterFunc(time.Since(began), q.next)
			return
		}
		q.next()
	}()
	pause = work()
	return nil
}

func (q *hashQueue) wait(ctx context.Context, client clientKey, suspect bool) error {
	q.mutex.Lock()
	if !q.busy {
		q.busy = true
		q.mutex.Unlock()
		return nil
	}
	queue := &q.regular
	if suspect {
		queue = &q.suspect
	}
	full := q.regular.length+q.suspect.length >= q.capacity
	if len(queue.requests[client]) >= q.capacityPerClient || full && (suspect || !q.suspect.dropLast()) {
		q.mutex.Unlock()
		return errBusy
	}
	// A value in the channel is the request's turn. A channel that is closed without a value means that it lost its place.
	turn := make(chan struct{}, 1)
	queue.push(client, turn)
	q.mutex.Unlock()

	select {
	case _, come := <-turn:
		if !come {
			return errBusy
		}
		return nil
	case <-ctx.Done():
		q.mutex.Lock()
		left := queue.leave(client, turn)
		q.mutex.Unlock()
		if _, come := <-turn; !left && come {
			// The turn came while the context ended: the next request gets it.
			q.next()
		}
		return ctx.Err()
	}
}

func (q *hashQueue) next() {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.busy = q.regular.pop() || q.suspect.pop()
}

func (q *fairQueue) push(client clientKey, turn chan struct{}) {
	if len(q.requests[client]) == 0 {
		q.clients = append(q.clients, client)
	}
	q.requests[client] = append(q.requests[client], turn)
	q.length++
}

// leave removes a waiting request and closes its channel. It returns false when the request no longer waits.
func (q *fairQueue) leave(client clientKey, turn chan struct{}) bool {
	i := slices.Index(q.requests[client], turn)
	if i < 0 {
		return false
	}
	q.remove(client, i)
	close(turn)
	return true
}

// pop gives the next request its turn, and returns whether there was one.
func (q *fairQueue) pop() bool {
	if len(q.clients) == 0 {
		return false
	}
	client := q.clients[0]
	turn := q.requests[client][0]
	q.remove(client, 0)
	// A client with more requests goes to the end.
	if len(q.requests[client]) > 0 {
		q.clients = append(q.clients[1:len(q.clients):len(q.clients)], client)
	}
	turn <- struct{}{}
	close(turn)
	return true
}

// dropLast takes its place from the last request, and returns whether there was one.
func (q *fairQueue) dropLast() bool {
	if len(q.clients) == 0 {
		return false
	}
	client := q.clients[len(q.clients)-1]
	last := len(q.requests[client]) - 1
	return q.leave(client, q.requests[client][last])
}

func (q *fairQueue) remove(client clientKey, i int) {
	q.length--
	q.requests[client] = slices.Delete(q.requests[client], i, i+1)
	if len(q.requests[client]) == 0 {
		delete(q.requests, client)
		q.clients = slices.DeleteFunc(q.clients, func(other clientKey) bool { return other == client })
	}
}
