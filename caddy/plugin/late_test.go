package gateway

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

var bobby = testUser{name: "bob", role: "read", password: "bob's own"}

// pastTheLimit returns a login at which the test's address has failed too often, with names that are not used again.
func pastTheLimit(t *testing.T, more string, users ...testUser) []caddyhttp.MiddlewareHandler {
	t.Helper()
	login := loginWith(t, "failures_per_address 3\n"+more, users...)
	for i := range 3 {
		expectStatus(t, send(get("/"), login, with("Authorization", basicHeader(fmt.Sprint("before", i), "x"))), 401, "UNAUTHENTICATED")
	}
	return login
}

func TestPastTheLimitAPasswordThatCannotBeRightCostsNoHash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		login := pastTheLimit(t, "", ada, bobby)
		expectStatus(t, send(get("/"), login, from("203.0.113.9"), with("Authorization", basicHeader("ada", ada.password))), 204, "")
		work := countWork(t)
		names := []string{"ada"}
		for i := range 40 {
			names = append(names, fmt.Sprint("invented", i))
		}
		for _, name := range names {
			expectStatus(t, send(get("/"), login, with("Authorization", basicHeader(name, "wrong"))), 401, "UNAUTHENTICATED")
			expectStatus(t, send(get("/"), login, with("Authorization", basicHeader(name, "also wrong"))), 429, "RESOURCE_EXHAUSTED")
		}
		if work.Load() != 0 {
			t.Errorf("%d wrong passwords cost %d rounds", len(names), work.Load())
		}
		for range 3 {
			send(get("/"), login, with("Authorization", basicHeader("bob", "wrong")))
		}
		if work.Load() != 1<<4 {
			t.Errorf("three guesses at a user who has not logged in cost %d rounds, one hash %d", work.Load(), 1<<4)
		}
	})
}

func TestPastTheLimitWrongPasswordsTakeTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		login := pastTheLimit(t, "", ada, bobby)
		expectStatus(t, send(get("/"), login, from("203.0.113.9"), with("Authorization", basicHeader("ada", ada.password))), 204, "")
		for what, name := range map[string]string{"nobody": "nobody", "who has logged in": "ada", "who has not": "bob"} {
			began := time.Now()
			expectStatus(t, send(get("/"), login, with("Authorization", basicHeader(name, "wrong"))), 401, "UNAUTHENTICATED")
			if took := time.Since(began); took != lateAnswer {
				t.Errorf("a guess at %s takes %v", what, took)
			}
		}
	})
}

func TestPastTheLimitManyAtOnceWithOneNameAreOneAttempt(t *testing.T) {
	for _, name := range []string{"nobody", "bob"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				login := pastTheLimit(t, "", ada, bobby)
				work := countWork(t)
				var statuses [600]atomic.Int32
				var all sync.WaitGroup
				for i := range 50 {
					all.Go(func() {
						statuses[send(get("/"), login, with("Authorization", basicHeader(name, fmt.Sprint(i)))).status].Add(1)
					})
				}
				all.Wait()
				if failed, refused := statuses[401].Load(), statuses[429].Load(); failed != 1 || refused != 49 {
					t.Errorf("%d are answered 401, %d are answered 429", failed, refused)
				}
				if work.Load() > 1<<4 {
					t.Errorf("they cost %d rounds", work.Load())
				}
			})
		})
	}
}

func TestInventedNamesKeepNoUserOfTheirAddressOut(t *testing.T) {
	costly := bobby
	costly.cost = 10
	login := pastTheLimit(t, "", costly)
	ctx, goAway := context.WithCancel(t.Context())
	patient := func(r *http.Request) { *r = *r.WithContext(ctx) }
	var all sync.WaitGroup
	for i := range 300 {
		all.Go(func() {
			send(get("/"), login, patient, with("Authorization", basicHeader(fmt.Sprint("invented", i), "x")))
		})
	}
	defer all.Wait()
	defer goAway()
	time.Sleep(500 * time.Millisecond)
	began := time.Now()
	expectStatus(t, send(get("/"), login, with("Authorization", basicHeader("bob", costly.password))), 204, "")
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the right password waits %v for invented names", took)
	}
}

func TestPastTheLimitACrowdWithTheRightPasswordsEnters(t *testing.T) {
	users := crowdOf(60)
	login := pastTheLimit(t, "", users...)
	expectAllEnter(t, login, users)
	// None of them was counted, so each has the same limit as before.
	for _, user := range users[:3] {
		verified = newVerifiedPasswords()
		expectStatus(t, send(get("/"), login, with("Authorization", basicHeader(user.name, user.password))), 204, "")
	}
}
