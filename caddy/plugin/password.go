package gateway

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"
)

const (
	// A comparison with a hash of cost 14 takes about a second.
	maxCost = 14
	// bcrypt ignores all bytes of a password after the 72nd.
	maxPassword = 72
)

// A variable, so that tests can add up the cost of all comparisons.
var compare = bcrypt.CompareHashAndPassword

type basicCredential struct{ name, password string }

// parseBasic reads the name and the password of a Basic header. It returns false for a header that RFC 7617 forbids.
func parseBasic(header string) (basicCredential, bool) {
	_, encoded, _ := strings.Cut(header, " ")
	decoded, err := base64.StdEncoding.DecodeString(strings.Trim(encoded, " "))
	if err != nil || !utf8.Valid(decoded) {
		return basicCredential{}, false
	}
	text := string(decoded)
	// bcrypt fills its key by repeating the password and a NUL, so that "a" and "a\x00a" have the same hash.
	if strings.ContainsFunc(text, unicode.IsControl) {
		return basicCredential{}, false
	}
	name, password, found := strings.Cut(text, ":")
	return basicCredential{name, password}, found
}

// isBasic tells whether a header has the scheme Basic, even when its credential is malformed.
func isBasic(header string) bool { return hasScheme(header, "basic") }

func hasScheme(header, scheme string) bool {
	word, _, _ := strings.Cut(header, " ")
	return strings.EqualFold(word, scheme)
}

// matches compares a password with the user's hash. A wrong password, and a login without a known user, take as long as one
// comparison of the cost highest, the highest of all users. For a user with the lower cost c, the comparisons of the costs
// c, c+1 … highest-1 take the rest of that time, because each further cost doubles it.
func matches(known *user, password string, highest int) bool {
	comparable := known != nil && len(password) <= maxPassword
	if comparable && compare(known.hash, []byte(password)) == nil {
		return true
	}
	password = password[:min(len(password), maxPassword)]
	if !comparable {
		compareWithNothing(password, highest)
		return false
	}
	for cost := known.cost; cost < highest; cost++ {
		compareWithNothing(password, cost)
	}
	return false
}

func compareWithNothing(password string, cost int) {
	// This salt and hash belong to no password.
	hash := fmt.Sprintf("$2a$%02d$%s", cost, "abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234")
	_ = compare([]byte(hash), []byte(password))
}
