package gateway

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// judgedPath returns the path as MLflow's servers read it, decoded exactly once, without its trailing slash. It is not
// ok when anything between here and there could read another path in it.
func judgedPath(address *url.URL) (path string, ok bool) {
	// HTTP/2 brings a query with blanks, which would be the end of the address in HTTP/1; MLflow's server ends it at #.
	if address.Opaque != "" || strings.ContainsAny(address.RawQuery, " #") || strings.ContainsFunc(address.RawQuery, unicode.IsControl) {
		return "", false
	}
	path = address.Path
	escaped := strings.ToLower(address.EscapedPath())
	if !strings.HasPrefix(path, "/") || !utf8.ValidString(path) ||
		strings.ContainsFunc(path, unicode.IsControl) || strings.ContainsAny(path, "\\\u2028\u2029") ||
		strings.Contains(escaped, "%5c") ||
		strings.Contains(path, "//") || hasDotSegment(path) {
		return "", false
	}
	if path != "/" {
		path = strings.TrimSuffix(path, "/")
	}
	return path, true
}

// isEncodedAgain tells whether decoding once more would still change something. Only names of artifacts may look so.
func isEncodedAgain(text string) bool { return decodeWhatCan(text) != text }

// leavesAfterDecoding tells whether a name has a dot segment, or a way to one, in what is left after decoding it again:
// MLflow decodes names of artifacts until nothing changes.
func leavesAfterDecoding(text string) bool {
	for range 10 {
		if strings.HasPrefix(text, "/") || strings.Contains(text, "\\") || hasDotSegment(text) ||
			strings.ContainsFunc(text, unicode.IsControl) {
			return true
		}
		decoded := decodeWhatCan(text)
		if decoded == text {
			return false
		}
		text = decoded
	}
	// encoded more often than anybody means.
	return true
}

// decodeWhatCan decodes as Python does: what is no encoding stays as it is.
func decodeWhatCan(text string) string {
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

func hasDotSegment(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}
