package gateway

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// announced is a request that says how long its body is. -1 is a body in chunks, of 20 KiB.
func announced(size int64) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Repeat("x", 20<<10)))
	r.ContentLength = size
	return caddyhttp.PrepareRequest(r, caddy.NewReplacer(), httptest.NewRecorder(), &caddyhttp.Server{})
}

// admitted lets bodies in until one has to wait too long.
func admitted(t *testing.T, held *heldBodies, user string, size int64, most int) (leave []func()) {
	t.Helper()
	for range most {
		one, err := held.admit(httptest.NewRecorder(), announced(size), user)
		if err != nil {
			refused, ok := errors.AsType[caddyhttp.HandlerError](err)
			if !ok || refused.StatusCode != http.StatusTooManyRequests {
				t.Fatalf("refused with %v, not 429", err)
			}
			return leave
		}
		leave = append(leave, one)
	}
	return leave
}

func TestBodiesOfAUserFillAQuarterOfTheRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// 46 MiB.
		held := newHeldBodies(2000)
		began := time.Now()
		ada := admitted(t, held, "ada", 64<<20, 100)
		if len(ada) != 11 {
			t.Errorf("one user has %d bodies of 1 MiB in memory, not a quarter of 46", len(ada))
		}
		if waited := time.Since(began); waited != heldBodyPatience {
			t.Errorf("the one too many waited for %v, not %v", waited, heldBodyPatience)
		}
		if one := admitted(t, held, "ada", uncountedBody, 100); len(one) != 100 {
			t.Errorf("%d of 100 small bodies come in beside", len(one))
		}
		if bob := admitted(t, held, "bob", -1, 1); len(bob) != 1 {
			t.Error("another user waits for the first one")
		}

		// Whoever waits gets the room of a request that ends.
		time.AfterFunc(heldBodyPatience/2, ada[0])
		if again := admitted(t, held, "ada", maxHeldBody, 1); len(again) != 1 {
			t.Error("a body has no room although one has left")
		}
	})
}

func TestABodyOfUnknownLengthCountsOnlyIfItIsLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held := newHeldBodies(2000)
		if long := admitted(t, held, "ada", -1, 100); len(long) != 11 {
			t.Errorf("%d bodies of unknown length are in memory, not 11", len(long))
		}
		for range 100 {
			r := announced(-1)
			r.Body = io.NopCloser(strings.NewReader("short"))
			if _, err := held.admit(httptest.NewRecorder(), r, "ada"); err != nil {
				t.Fatalf("a short one is refused: %v", err)
			}
			if text, err := io.ReadAll(r.Body); string(text) != "short" || err != nil {
				t.Fatalf("%q is left of the body, %v", text, err)
			}
		}
		r := announced(-1)
		if _, err := held.admit(httptest.NewRecorder(), r, "bob"); err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(r.Body); len(text) != 20<<10 || err != nil {
			t.Errorf("%d bytes are left of 20 KiB, %v", len(text), err)
		}
	})
}

func TestBodiesOfAllUsersFillTheRoomAndLeaveIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held := newHeldBodies(2000)
		var all []func()
		for _, user := range []string{"ada", "bob", "cleo", "dan", "eve"} {
			all = append(all, admitted(t, held, user, maxHeldBody, 100)...)
		}
		if len(all) != 46 {
			t.Errorf("%d bodies of 1 MiB are in memory, not 46", len(all))
		}
		for _, leave := range all {
			leave()
		}
		if len(held.users) != 0 {
			t.Errorf("remembers %d users without requests", len(held.users))
		}
		if again := admitted(t, held, "eve", maxHeldBody, 11); len(again) != 11 {
			t.Errorf("%d of 11 bodies find room after the others have left", len(again))
		}
	})
}

func TestTheLeastMemoryHasRoomForOneBodyOfEachOfFourUsers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held := newHeldBodies(2)
		for _, user := range []string{"ada", "bob", "cleo", "dan"} {
			if one := admitted(t, held, user, maxHeldBody, 2); len(one) != 1 {
				t.Errorf("%s has %d bodies of 1 MiB in memory", user, len(one))
			}
		}
	})
}
