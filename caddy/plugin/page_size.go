package gateway

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

const (
	// MLflow's own maximum for most searches. It does not check all of them.
	maxPage = 50_000
	// Of model versions. MLflow's client asks for 100,000.
	maxVersionPage = 200_000
)

// MLflow takes both spellings of a field.
var pageKeys = []string{"max_results", "maxResults"}

// What a query has in which one of the names below can be.
var named = regexp.MustCompile("max|filter|order|run_ids")

// limitQuery refuses a page size in the query that MLflow would read from the database in one piece, a search or a list of runs
// that is too much work, and names that MLflow's libraries could take for others.
func limitQuery(r *http.Request, path string) error {
	// Parsing costs time. A query without these can have the names in escaped form only.
	if !strings.Contains(r.URL.RawQuery, "%") && !named.MatchString(r.URL.RawQuery) {
		return nil
	}
	limit := maxPage
	if strings.HasSuffix(path, "/mlflow/model-versions/search") {
		limit = maxVersionPage
	}
	if strings.HasSuffix(path, "/graphql") {
		limit = maxHistoryValues
	}
	query := r.URL.Query()
	if strings.HasSuffix(path, historiesPath) {
		if err := checkRuns(r, query["run_ids"]); err != nil {
			return err
		}
	}
	if err := limitClausesInQuery(r, query); err != nil {
		return err
	}
	for name, values := range query {
		if strings.ContainsFunc(name, unicode.IsControl) {
			return refuseBody(r, "A name in the query has a control character.")
		}
		if !slices.Contains(pageKeys, name) {
			continue
		}
		for _, given := range values {
			if err := checkPage(r, given, limit); err != nil {
				return err
			}
		}
	}
	return nil
}

// limitSearch reads a search. Its size limits the lists of ids, and its page size what MLflow reads from the database.
func limitSearch(w http.ResponseWriter, r *http.Request) error {
	if r.Body == nil {
		return nil
	}
	text, err := readText(w, r)
	// Without a body a search finds everything.
	if err != nil || len(text) == 0 {
		return err
	}
	body, err := objectIn(r, text)
	if err != nil {
		return err
	}
	for _, name := range pageKeys {
		value, given := body[name]
		if !given || string(value) == "null" {
			continue
		}
		// MLflow also takes a number in a string.
		if err := checkPage(r, strings.Trim(string(value), `"`), maxPage); err != nil {
			return err
		}
	}
	if err := limitClausesInBody(r, body); err != nil {
		return err
	}
	return replaceBody(r, body)
}

func checkPage(r *http.Request, given string, limit int) error {
	size, err := strconv.ParseUint(given, 10, 32)
	if err != nil || size > uint64(limit) {
		return refuseBody(r, "max_results must be a whole number up to "+strconv.Itoa(limit)+". Ask for the next pages by page_token.")
	}
	return nil
}
