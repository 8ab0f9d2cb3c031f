package gateway

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

var errBusy = errors.New("too many logins are waiting")

// hashQueue lets one password be hashed, or one token be checked, at a time. After a wrong one it pauses for as long as the
// check took, so that a flood of wrong passwords costs half a core. Clients take turns, and so do the user names of a client.
// Clients without recent failures come first. When the queue is full a request takes the place of one with failures, or
// of the client who has most, so that guessing clients keep nobody else out.
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
	requests map[clientKey][]waitingLogin
	length   int
}

// waitingLogin is one of several requests of a client. Its round is the number of those with its name that waited before it.
type waitingLogin struct {
	name  [16]byte
	round int
	turn  chan struct{}
}

func newHashQueue(capacity, capacityPerClient int) *hashQueue {
	queue := func() fairQueue { return fairQueue{requests: make(map[clientKey][]waitingLogin)} }
	return &hashQueue{capacity: capacity, capacityPerClient: capacityPerClient, regular: queue(), suspect: queue()}
}

// do calls work when it is the client's turn. work returns whether the queue pauses afterwards. do returns errBusy when the
// queue has no place for the request, and the context's error when that ends first; in both cases work is not called.
func (q *hashQueue) do(ctx context.Context, key failureKey, suspect bool, work func() (pause bool)) error {
	if err := q.wait(ctx, key, suspect); err != nil {
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

func (q *hashQueue) wait(ctx context.Context, key failureKey, suspect bool) error {
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
	if !q.makeRoom(queue, key, suspect) {
		q.mutex.Unlock()
		return errBusy
	}
	// A value in the channel is the request's turn. A channel that is closed without a value means that it lost its place.
	turn := make(chan struct{}, 1)
	queue.push(key, turn)
	q.mutex.Unlock()

	select {
	case _, come := <-turn:
		if !come {
			return errBusy
		}
		return nil
	case <-ctx.Done():
		q.mutex.Lock()
		left := queue.leave(key.client, turn)
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

// makeRoom returns whether there is a place for a request. A full queue takes the place of another request.
func (q *hashQueue) makeRoom(queue *fairQueue, key failureKey, suspect bool) bool {
	own := queue.requests[key.client]
	if len(own) >= q.capacityPerClient {
		// The last request has the name with most requests.
		return own[len(own)-1].round > roundOf(own, key.name) && queue.dropLast(key.client)
	}
	if q.regular.length+q.suspect.length < q.capacity {
		return true
	}
	if !suspect && q.suspect.length > 0 {
		return q.suspect.dropLast(q.suspect.greediest())
	}
	greediest := queue.greediest()
	return len(queue.requests[greediest]) > len(own)+1 && queue.dropLast(greediest)
}

func roundOf(requests []waitingLogin, name [16]byte) (round int) {
	for _, request := range requests {
		if request.name == name {
			round = request.round + 1
		}
	}
	return round
}

func (q *fairQueue) push(key failureKey, turn chan struct{}) {
	own := q.requests[key.client]
	if len(own) == 0 {
		q.clients = append(q.clients, key.client)
	}
	round := roundOf(own, key.name)
	place := slices.IndexFunc(own, func(other waitingLogin) bool { return other.round > round })
	if place < 0 {
		place = len(own)
	}
	q.requests[key.client] = slices.Insert(own, place, waitingLogin{key.name, round, turn})
	q.length++
}

// greediest returns the last of the clients with most requests.
func (q *fairQueue) greediest() (client clientKey) {
	most := 0
	for _, other := range q.clients {
		if count := len(q.requests[other]); count >= most {
			client, most = other, count
		}
	}
	return client
}

// leave removes a waiting request and closes its channel. It returns false when the request no longer waits.
func (q *fairQueue) leave(client clientKey, turn chan struct{}) bool {
	i := slices.IndexFunc(q.requests[client], func(other waitingLogin) bool { return other.turn == turn })
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
	turn := q.requests[client][0].turn
	q.remove(client, 0)
	// A client with more requests goes to the end.
	if len(q.requests[client]) > 0 {
		q.clients = append(q.clients[1:len(q.clients):len(q.clients)], client)
	}
	turn <- struct{}{}
	close(turn)
	return true
}

// dropLast takes its place from the last request of a client, and returns whether it has one.
func (q *fairQueue) dropLast(client clientKey) bool {
	own := q.requests[client]
	return len(own) > 0 && q.leave(client, own[len(own)-1].turn)
}

func (q *fairQueue) remove(client clientKey, i int) {
	q.length--
	q.requests[client] = slices.Delete(q.requests[client], i, i+1)
	if len(q.requests[client]) == 0 {
		delete(q.requests, client)
		q.clients = slices.DeleteFunc(q.clients, func(other clientKey) bool { return other == client })
	}
}
