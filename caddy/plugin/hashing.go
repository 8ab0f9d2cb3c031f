package gateway

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

var errBusy = errors.New("too many logins are waiting")

// hashSlot lets one password be hashed at a time. After a failed one it rests as long as that took, so that a flood of
// wrong passwords costs half a core. Clients take turns, and each has few places in the queue. Who has not failed lately
// comes first and, when the queue is full, takes the place of one who has: many who guess keep nobody else out.
type hashSlot struct {
	// places in the queue: of all clients, and of one.
	places, placesOfOne int

	mutex sync.Mutex
	taken bool
	// who has not failed lately, and who has.
	unsuspected, suspected waitingLine
}

// waitingLine has the clients that wait in the order of their turns, and what each waits for.
type waitingLine struct {
	turns   []clientKey
	waiting map[clientKey][]chan struct{}
	count   int
}

func newHashSlot(places, placesOfOne int) *hashSlot {
	line := func() waitingLine { return waitingLine{waiting: make(map[clientKey][]chan struct{})} }
	return &hashSlot{places: places, placesOfOne: placesOfOne, unsuspected: line(), suspected: line()}
}

// do calls work when it is the client's turn. It returns errBusy when no place is free or somebody else needs it more, and
// the context's error when that ends first; then work was not called.
func (s *hashSlot) do(ctx context.Context, client clientKey, suspect bool, work func() (rest bool)) error {
	if err := s.take(ctx, client, suspect); err != nil {
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

func (s *hashSlot) take(ctx context.Context, client clientKey, suspect bool) error {
	s.mutex.Lock()
	if !s.taken {
		s.taken = true
		s.mutex.Unlock()
		return nil
	}
	line := &s.unsuspected
	if suspect {
		line = &s.suspected
	}
	full := s.unsuspected.count+s.suspected.count >= s.places
	if len(line.waiting[client]) >= s.placesOfOne || full && (suspect || !s.suspected.dropLast()) {
		s.mutex.Unlock()
		return errBusy
	}
	// a turn comes as a value; when it is closed without one, it never will.
	turn := make(chan struct{}, 1)
	line.join(client, turn)
	s.mutex.Unlock()

	select {
	case _, come := <-turn:
		if !come {
			return errBusy
		}
		return nil
	case <-ctx.Done():
		s.mutex.Lock()
		left := line.leave(client, turn)
		s.mutex.Unlock()
		if _, come := <-turn; !left && come {
			// the turn came at the same time: the next one gets it.
			s.release()
		}
		return ctx.Err()
	}
}

func (s *hashSlot) release() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.taken = s.unsuspected.callNext() || s.suspected.callNext()
}

func (l *waitingLine) join(client clientKey, turn chan struct{}) {
	if len(l.waiting[client]) == 0 {
		l.turns = append(l.turns, client)
	}
	l.waiting[client] = append(l.waiting[client], turn)
	l.count++
}

// leave closes what waits, unless its turn has come or its place was taken before.
func (l *waitingLine) leave(client clientKey, turn chan struct{}) bool {
	i := slices.Index(l.waiting[client], turn)
	if i < 0 {
		return false
	}
	l.remove(client, i)
	close(turn)
	return true
}

// callNext says whether anybody waits.
func (l *waitingLine) callNext() bool {
	if len(l.turns) == 0 {
		return false
	}
	client := l.turns[0]
	turn := l.waiting[client][0]
	l.remove(client, 0)
	// to the end of the line, if more of it waits.
	if len(l.waiting[client]) > 0 {
		l.turns = append(l.turns[1:len(l.turns):len(l.turns)], client)
	}
	turn <- struct{}{}
	close(turn)
	return true
}

// dropLast takes its place from whoever is last, and says whether there is one.
func (l *waitingLine) dropLast() bool {
	if len(l.turns) == 0 {
		return false
	}
	client := l.turns[len(l.turns)-1]
	last := len(l.waiting[client]) - 1
	return l.leave(client, l.waiting[client][last])
}

func (l *waitingLine) remove(client clientKey, i int) {
	l.count--
	l.waiting[client] = slices.Delete(l.waiting[client], i, i+1)
	if len(l.waiting[client]) == 0 {
		delete(l.waiting, client)
		l.turns = slices.DeleteFunc(l.turns, func(other clientKey) bool { return other == client })
	}
}
