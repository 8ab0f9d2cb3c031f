package gateway

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// unambiguousPath returns the path as MLflow reads it: decoded exactly once, without its trailing slash. It returns false
// when a server on the way to MLflow could read another path in the address.
func unambiguousPath(address *url.URL) (path string, ok bool) {
	// HTTP/2 allows blanks in a query, which would end the address in HTTP/1. MLflow's server ends a query at #.
	if address.Opaque != "" || strings.ContainsAny(address.RawQuery, " #") || strings.ContainsFunc(address.RawQuery, unicode.IsControl) {
		return "", false
	}
	// Go leaves out a field with a malformed escape or a semicolon, which the rules for a query would not see. MLflow reads it.
	if strings.ContainsAny(address.RawQuery, ";%") {
		if _, err := url.ParseQuery(address.RawQuery); err != nil {
			return "", false
		}
	}
	path = address.Path
	if !strings.HasPrefix(path, "/") || !utf8.ValidString(path) ||
		strings.ContainsFunc(path, unicode.IsControl) || strings.ContainsAny(path, "\u2028\u2029") ||
		strings.Contains(path, "//") || hasDotSegment(path) {
		return "", false
	}
	if path != "/" {
		path = strings.TrimSuffix(path, "/")
	}
	return path, true
}

// isSpecial tells whether decoding the text once more would change it, or whether it has a backslash. Only names of
// artifacts may look like that.
func isSpecial(text string) bool {
	return decodeLeniently(text) != text || strings.Contains(text, `\`)
}

// leavesFolder tells whether a name of an artifact could lead out of its folder. It decodes the name again and again, as
// MLflow does, until nothing changes. Control characters and backslashes stay in the folder: MLflow's clients before 3.10
// put % before the time and the id of an image.
func leavesFolder(text string) bool {
	for range 10 {
		// For MLflow a backslash is a part of the name, but for others it is a slash, and C: is absolute.
		slashed := strings.ReplaceAll(text, `\`, "/")
		if strings.HasPrefix(slashed, "/") || hasDotSegment(slashed) || slashed != text && hasDrive(text) {
			return true
		}
		decoded := decodeLeniently(text)
		if decoded == text {
			return false
		}
		text = decoded
	}
	// A name that is encoded more than ten times is an attack.
	return true
}

// decodeLeniently decodes as Python does, which keeps a malformed escape as it is.
func decodeLeniently(text string) string {
	if !strings.Contains(text, "%") {
		return text
	}
	var decoded strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if letter, err := url.PathUnescape(text[i : i+3]); err == nil {
				decoded.WriteString(letter)
				i += 2
				continue
			}
		}
		decoded.WriteByte(text[i])
	}
	return decoded.String()
}

func hasDrive(text string) bool { return len(text) > 1 && text[1] == ':' }

func hasDotSegment(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}
