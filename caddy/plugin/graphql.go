package gateway

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// The UI's largest query has far fewer.
const maxGraphQLTokens = 5000

// needOfGraphQL reads a query. It needs the role read when every root field of every operation is in the list, else admin.
func (a *Access) needOfGraphQL(w http.ResponseWriter, r *http.Request) (Role, error) {
	if r.Method != http.MethodPost {
		return 0, refuseBody(r, "A GraphQL query must be sent by POST.")
	}
	body, err := readObject(w, r)
	if err != nil {
		return 0, err
	}
	var query string
	if err := json.Unmarshal(body["query"], &query); err != nil || query == "" {
		return 0, refuseBody(r, "query must be a string.")
	}
	document, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: query}, maxGraphQLTokens)
	fields, ok := rootFields(document)
	if err != nil || !ok {
		return 0, refuseBody(r, "query is not valid GraphQL.")
	}
	variables, err := variablesIn(r, body)
	if err != nil {
		return 0, err
	}
	if err := limitClausesInGraphQL(r, document, variables); err != nil {
		return 0, err
	}
	if err := limitHistoriesInGraphQL(r, fields, document, variables); err != nil {
		return 0, err
	}

	checked := make(map[string]json.RawMessage)
	if checked["query"], err = json.Marshal(query); err != nil {
		return 0, err
	}
	for _, key := range []string{"variables", "operationName"} {
		if value, given := body[key]; given {
			checked[key] = value
		}
	}
	if err := replaceBody(r, checked); err != nil {
		return 0, err
	}
	for _, field := range fields {
		if !a.table.graphQL[field] {
			return RoleAdmin, nil
		}
	}
	return RoleRead, nil
}

// variablesIn returns the variables of a query, nil if it has none. A number stays the text that it is in the body.
func variablesIn(r *http.Request, body map[string]json.RawMessage) (variables any, err error) {
	text, given := body["variables"]
	if !given {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&variables); err != nil {
		return nil, refuseBody(r, "variables must be an object.")
	}
	return variables, nil
}

// rootFields returns the names of the root fields of all operations, also those that come from fragments.
func rootFields(document *ast.QueryDocument) ([]string, bool) {
	if document == nil || len(document.Operations) == 0 {
		return nil, false
	}
	fragments := make(map[string]*ast.FragmentDefinition)
	for _, fragment := range document.Fragments {
		// Two fragments of one name: MLflow may take either.
		if fragments[fragment.Name] != nil {
			return nil, false
		}
		fragments[fragment.Name] = fragment
	}

	var fields []string
	seen := make(map[string]bool)
	var collect func(ast.SelectionSet) bool
	collect = func(selections ast.SelectionSet) bool {
		for _, selection := range selections {
			switch selected := selection.(type) {
			case *ast.Field:
				if selected.Name != "__typename" {
					fields = append(fields, selected.Name)
				}
			case *ast.InlineFragment:
				if !collect(selected.SelectionSet) {
					return false
				}
			case *ast.FragmentSpread:
				fragment := fragments[selected.Name]
				if fragment == nil {
					return false
				}
				if seen[selected.Name] {
					continue
				}
				seen[selected.Name] = true
				if !collect(fragment.SelectionSet) {
					return false
				}
			default:
				return false
			}
		}
		return true
	}
	for _, operation := range document.Operations {
		if operation.Operation != ast.Query && operation.Operation != ast.Mutation {
			return nil, false
		}
		if !collect(operation.SelectionSet) {
			return nil, false
		}
	}
	return fields, true
}
