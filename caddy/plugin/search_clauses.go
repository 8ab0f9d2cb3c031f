package gateway

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// MLflow joins a table for each comparison and for each key of an order. With 130 of them PostgreSQL took 512 MiB to plan the
// query. MLflow's page orders by one key, and people compare a few.
const maxClauses = 30

var (
	filterKeys  = []string{"filter", "filter_string", "filterString"}
	orderKeys   = []string{"order_by", "orderBy"}
	conjunction = regexp.MustCompile(`(?i)\band\b`)
	// What each filter and each key to order by has for which MLflow joins a table, also after a comparison without it.
	joined = regexp.MustCompile(`(?i)(metric|param|tag|attr|run|dataset)\w*\W*\.`)
)

// clausesOf counts comparisons of filters and keys of orders.
type clausesOf int

func (c *clausesOf) filter(text string) {
	if text != "" {
		*c += clausesOf(1 + len(conjunction.FindAllStringIndex(text, -1)))
	}
}

func (c *clausesOf) order(keys int) { *c += clausesOf(keys) }

func (c clausesOf) check(r *http.Request) error {
	if c <= maxClauses {
		return nil
	}
	return refuseBody(r, "A search may have "+strconv.Itoa(maxClauses)+" comparisons and keys to order by, in all.")
}

// limitClausesInQuery refuses a search by the query that is too much work for the database.
func limitClausesInQuery(r *http.Request, query url.Values) error {
	var clauses clausesOf
	for _, name := range filterKeys {
		for _, text := range query[name] {
			clauses.filter(text)
		}
	}
	for _, name := range orderKeys {
		clauses.order(len(query[name]))
	}
	return clauses.check(r)
}

// limitClausesInBody does so for a body.
func limitClausesInBody(r *http.Request, body map[string]json.RawMessage) error {
	var clauses clausesOf
	for _, name := range filterKeys {
		var text string
		if json.Unmarshal(body[name], &text) == nil {
			clauses.filter(text)
		}
	}
	for _, name := range orderKeys {
		var keys []json.RawMessage
		if json.Unmarshal(body[name], &keys) == nil {
			clauses.order(len(keys))
		}
	}
	return clauses.check(r)
}

// limitClausesInGraphQL does so for a query in GraphQL and its variables. Any text in them may be a filter or a key.
func limitClausesInGraphQL(r *http.Request, document *ast.QueryDocument, variables any) error {
	var clauses clausesOf
	count := func(text string) {
		if joined.MatchString(text) {
			clauses.filter(text)
		}
	}
	eachText(variables, count)
	eachValue(document, func(value *ast.Value) { count(value.Raw) })
	return clauses.check(r)
}

// eachValue calls use with each value in a query in GraphQL: arguments, defaults of variables, and what is in them.
func eachValue(document *ast.QueryDocument, use func(*ast.Value)) {
	var inValue func(*ast.Value)
	inValue = func(value *ast.Value) {
		if value == nil {
			return
		}
		use(value)
		for _, child := range value.Children {
			inValue(child.Value)
		}
	}
	var inSelections func(ast.SelectionSet)
	inSelections = func(selections ast.SelectionSet) {
		for _, selection := range selections {
			switch selected := selection.(type) {
			case *ast.Field:
				for _, argument := range selected.Arguments {
					inValue(argument.Value)
				}
				inSelections(selected.SelectionSet)
			case *ast.InlineFragment:
				inSelections(selected.SelectionSet)
			}
		}
	}
	for _, operation := range document.Operations {
		for _, variable := range operation.VariableDefinitions {
			inValue(variable.DefaultValue)
		}
		inSelections(operation.SelectionSet)
	}
	for _, fragment := range document.Fragments {
		inSelections(fragment.SelectionSet)
	}
}

// eachText calls use with each text in a JSON value.
func eachText(value any, use func(string)) {
	switch given := value.(type) {
	case string:
		use(given)
	case []any:
		for _, one := range given {
			eachText(one, use)
		}
	case map[string]any:
		for _, one := range given {
			eachText(one, use)
		}
	}
}
