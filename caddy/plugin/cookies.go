package gateway

import (
	"net/http"
	"strings"
)

// removeCookies removes cookies whose names have one of the prefixes, and the header when no cookie is left.
func removeCookies(header http.Header, prefixes []string) {
	lines := header.Values("Cookie")
	if len(lines) == 0 {
		return
	}
	var kept []string
	for _, cookie := range strings.Split(strings.Join(lines, ";"), ";") {
		cookie = strings.Trim(cookie, " \t")
		if cookie != "" && !isOwnCookie(cookie, prefixes) {
			kept = append(kept, cookie)
		}
	}
	if len(kept) == 0 {
		header.Del("Cookie")
		return
	}
	header.Set("Cookie", strings.Join(kept, "; "))
}

func hasOwnCookie(header http.Header, prefixes []string) bool {
	for _, cookie := range strings.Split(strings.Join(header.Values("Cookie"), ";"), ";") {
		if isOwnCookie(strings.Trim(cookie, " \t"), prefixes) {
			return true
		}
	}
	return false
}

func isOwnCookie(cookie string, prefixes []string) bool {
	for _, prefix := range prefixes {
		// Some servers ignore the case of cookie names.
		if len(cookie) >= len(prefix) && strings.EqualFold(cookie[:len(prefix)], prefix) {
			return true
		}
	}
	return false
}
