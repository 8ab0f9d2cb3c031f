package gateway

import (
	"net/http"
	"time"
)

// A wrong password at an address over its limit is answered after this time, whether it was hashed or not. It is longer than
// a hash with a few others before it takes, so that the time does not tell which names have a user.
const lateAnswer = 3 * time.Second

// attemptLate checks the one login that each name has in a window at an address over its limit. A password that cannot be
// right costs no hash: there is no such user, or the user has logged in with another password since the start. So an address
// costs at most one hash in a window for each user who has not logged in. These hashes have a queue of their own, because in
// the other one their turns could be seen by the time that others wait.
func (l *Login) attemptLate(w http.ResponseWriter, r *http.Request, key failureKey, tried credentials) (accepted bool, err error) {
	address := failureKey{client: key.client}
	answer := time.NewTimer(lateAnswer)
	defer answer.Stop()
	// Counted first, so that of many requests at the same time one is tried.
	if !l.perUser.countFirst(key) {
		return false, refuseAfterFailures(w, r, l.perAddress.wait(address))
	}
	if !tried.hopeless() {
		busy := l.late.do(r.Context(), key, false, func() (pause bool) {
			accepted, err = tried.check()
			return !accepted
		})
		if busy != nil {
			return false, refuseBusy(w, r, busy)
		}
	}
	if accepted {
		l.perUser.forget(key)
	}
	if accepted || err != nil {
		return accepted, err
	}
	l.perAddress.count(address)
	select {
	case <-answer.C:
		return false, nil
	case <-r.Context().Done():
		return false, r.Context().Err()
	}
}
