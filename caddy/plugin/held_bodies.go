package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"golang.org/x/sync/semaphore"
)

const (
	// Bodies up to this size do not count: all connections together have room for one each.
	uncountedBody = 16 << 10
	// How much of a larger one is in memory at most: what the gateway reads itself, and what it buffers before MLflow gets the
	// request.
	maxHeldBody = 1 << 20
	// For each connection that may be open.
	heldPerConnection = 24 << 10
	// Without a limit of connections.
	defaultConnections = 2000
	// How many users have to work together to take all of it.
	heldShares = 4
)

// How long a request waits for room. A variable, so that tests can shorten it.
var heldBodyPatience = 5 * time.Second

// heldBodies limits how much of bodies is in memory at the same time: of all requests, and a quarter of it of one user. A request
// waits for its turn, and its body is not read before.
type heldBodies struct {
	capacity int64
	all      *semaphore.Weighted
	mutex    sync.Mutex
	users    map[string]*userBodies
}

type userBodies struct {
	semaphore *semaphore.Weighted
	requests  int
}

// bodiesInMemory is of the whole process, as the connections are.
var bodiesInMemory = sync.OnceValue(func() *heldBodies {
	openConnections.mutex.Lock()
	defer openConnections.mutex.Unlock()
	return newHeldBodies(openConnections.limit)
})

func newHeldBodies(connections int) *heldBodies {
	if connections == 0 {
		connections = defaultConnections
	}
	capacity := max(int64(connections)*heldPerConnection, heldShares*maxHeldBody)
	return &heldBodies{capacity: capacity, all: semaphore.NewWeighted(capacity), users: make(map[string]*userBodies)}
}

// admit waits until there is room for the request's body. The caller calls leave when the request has ended.
func (h *heldBodies) admit(w http.ResponseWriter, r *http.Request, user string) (leave func(), err error) {
	size := r.ContentLength
	if r.Body == nil || r.Body == http.NoBody {
		return func() {}, nil
	}
	if size < 0 {
		if size, err = readBeginning(w, r); err != nil {
			return nil, err
		}
	}
	if size <= uncountedBody {
		return func() {}, nil
	}
	size = min(size, maxHeldBody)
	own := h.enter(user)
	ctx, cancel := context.WithTimeout(r.Context(), heldBodyPatience)
	defer cancel()
	if err := own.semaphore.Acquire(ctx, size); err != nil {
		h.exit(user)
		return nil, refuseCrowd(w, r)
	}
	if err := h.all.Acquire(ctx, size); err != nil {
		own.semaphore.Release(size)
		h.exit(user)
		return nil, refuseCrowd(w, r)
	}
	return func() {
		h.all.Release(size)
		own.semaphore.Release(size)
		h.exit(user)
	}, nil
}

// readBeginning tells how large a body without a length is: exactly, or as large as it may be. Exporters of traces that compress
// while they send do not know it beforehand.
func readBeginning(w http.ResponseWriter, r *http.Request) (size int64, err error) {
	control := http.NewResponseController(w)
	// Some kinds of connections have no deadlines. The server's own timeouts hold for those.
	_ = control.SetReadDeadline(time.Now().Add(smallBodyTimeout))
	beginning, err := io.ReadAll(io.LimitReader(r.Body, uncountedBody+1))
	_ = control.SetReadDeadline(time.Time{})
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return 0, tooSlow().answer(r)
	}
	if err != nil {
		return 0, caddyhttp.Error(statusClientClosed, err)
	}
	r.Body = &begunBody{io.MultiReader(bytes.NewReader(beginning), r.Body), r.Body}
	if len(beginning) > uncountedBody {
		return maxHeldBody, nil
	}
	return int64(len(beginning)), nil
}

// begunBody is a body whose beginning has been read.
type begunBody struct {
	io.Reader
	io.Closer
}

func (h *heldBodies) enter(user string) *userBodies {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	own := h.users[user]
	if own == nil {
		own = &userBodies{semaphore: semaphore.NewWeighted(h.capacity / heldShares)}
		h.users[user] = own
	}
	own.requests++
	return own
}

// exit forgets a user without requests.
func (h *heldBodies) exit(user string) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	own := h.users[user]
	if own.requests--; own.requests == 0 {
		delete(h.users, user)
	}
}

func refuseCrowd(w http.ResponseWriter, r *http.Request) error {
	return refuseForNow(w, r, time.Second, "Too many large bodies at the same time. Try again after the time in Retry-After.")
}
