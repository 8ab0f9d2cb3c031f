package gateway

import (
	"context"
	"errors"
	"sync"
	"time"
)

var errBusy = errors.New("too many logins are waiting")

// hashSlot lets one password be hashed at a time. After a failed one it rests as long as that took, so that a flood of
// wrong passwords costs half a core. Clients take turns, and each has few places in the queue, so that none fills it.
type hashSlot struct {
	// places in the queue: of all clients, and of one.
	places, placesOfOne int

	mutex sync.Mutex
	taken bool
	// clients that wait, in the order of their turns, and what each waits for.
	turns   []clientKey
	waiting map[clientKey][]chan struct{}
	count   int
}

func newHashSlot(places, placesOfOne int) *hashSlot {
	return &hashSlot{places: places, placesOfOne: placesOfOne, waiting: make(map[clientKey][]chan struct{})}
}

// do calls work when it is the client's turn. It returns errBusy when no place is free, and the context's error when that
// ends first; then work was not called.
func (s *hashSlot) do(ctx context.Context, client clientKey, work func() (rest bool)) error {
	if err := s.take(ctx, client); err != nil {
		return err
	}
	began := time.Now()
	rest := true
	// deferred: a panic must not leave the slot taken for ever.
	defer func() {
		if rest {
			time.AfterFunc(time.Since(began), s.release)
			return
		}
		s.release()
	}()
	rest = work()
	return nil
}

func (s *hashSlot) take(ctx context.Context, client clientKey) error {
	s.mutex.Lock()
	if !s.taken {
		s.taken = true
		s.mutex.Unlock()
		return nil
	}
	queue := s.waiting[client]
	if s.count >= s.places || len(queue) >= s.placesOfOne {
		s.mutex.Unlock()
		return errBusy
	}
	turn := make(chan struct{})
	if len(queue) == 0 {
		s.turns = append(s.turns, client)
	}
	s.waiting[client] = append(queue, turn)
	s.count++
	s.mutex.Unlock()

	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		if !s.leave(client, turn) {
			// the turn came at the same time: the next one gets it.
			s.release()
		}
		return ctx.Err()
	}
}

func (s *hashSlot) leave(client clientKey, turn chan struct{}) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	queue := s.waiting[client]
	for i, other := range queue {
		if other != turn {
			continue
		}
		s.count--
		s.setQueue(client, append(queue[:i:i], queue[i+1:]...))
		return true
	}
	return false
}

func (s *hashSlot) setQueue(client clientKey, queue []chan struct{}) {
	if len(queue) > 0 {
		s.waiting[client] = queue
		return
	}
	delete(s.waiting, client)
	for i, other := range s.turns {
		if other == client {
			s.turns = append(s.turns[:i:i], s.turns[i+1:]...)
			return
		}
	}
}

func (s *hashSlot) release() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if len(s.turns) == 0 {
		s.taken = false
		return
	}
	client := s.turns[0]
	queue := s.waiting[client]
	s.count--
	close(queue[0])
	s.setQueue(client, queue[1:])
	if len(queue) > 1 {
		s.turns = append(s.turns[1:len(s.turns):len(s.turns)], client)
	}
}
