package gateway

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// MLflow reads the history of a metric once for each run of a list, also for a run that the list names again. Its other calls
// with lists of ids ask the database for all of them at once, so an id that is there twice costs nothing.
const (
	historiesPath  = "/mlflow/metrics/get-history-bulk-interval"
	historiesField = "mlflowGetMetricHistoryBulkInterval"
	// MLflow's own maximum of runs in a call. It does not hold in GraphQL.
	maxHistories = 100
	// MLflow's own maximum of values of each run. In GraphQL it takes any number from the query of the address.
	maxHistoryValues = 2500
)

func checkRuns(r *http.Request, ids []string) error {
	given := make(map[string]bool, len(ids))
	for _, id := range ids {
		given[id] = true
	}
	if len(ids) <= maxHistories && len(given) == len(ids) {
		return nil
	}
	return refuseBody(r, "A call asks for the histories of up to "+strconv.Itoa(maxHistories)+" runs, and names each run once.")
}

// limitHistoriesInGraphQL refuses a query for too many histories. fields are the root fields. Any list may be that of the runs.
func limitHistoriesInGraphQL(r *http.Request, fields []string, document *ast.QueryDocument, variables any) error {
	asked := 0
	for _, field := range fields {
		if field == historiesField {
			asked++
		}
	}
	if asked == 0 {
		return nil
	}
	if asked > 1 {
		return refuseBody(r, "A query asks for the histories of one metric. Send a query for each metric.")
	}
	var lists [][]string
	variableInList := false
	eachValue(document, func(value *ast.Value) {
		if value.Kind != ast.ListValue {
			return
		}
		var ids []string
		for _, child := range value.Children {
			variableInList = variableInList || child.Value.Kind == ast.Variable
			ids = append(ids, child.Value.Raw)
		}
		lists = append(lists, ids)
	})
	if variableInList {
		return refuseBody(r, "The list of runs must be a variable, or have no variables in it.")
	}
	for _, ids := range listsIn(variables, lists) {
		if err := checkRuns(r, ids); err != nil {
			return err
		}
	}
	return nil
}

// listsIn adds the lists in a JSON value to others. A number is the same as its text, as for MLflow.
func listsIn(value any, lists [][]string) [][]string {
	switch given := value.(type) {
	case []any:
		ids := make([]string, len(given))
		for i, one := range given {
			ids[i] = fmt.Sprint(one)
			lists = listsIn(one, lists)
		}
		return append(lists, ids)
	case map[string]any:
		for _, one := range given {
			lists = listsIn(one, lists)
		}
	}
	return lists
}
