package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// What a route may need instead of a role.
const (
	needClosed           = "closed"
	needGraphQL          = "graphql"
	needCreateExperiment = "create-experiment"
	needTraceTags        = "trace-tags"
	needWorkspace        = "workspace"
	needParts            = "parts"
	needScorer           = "scorer"
)

var specialNeeds = []string{needClosed, needGraphQL, needCreateExperiment, needTraceTags, needWorkspace, needParts, needScorer}

// Classes of bodies.
const (
	bodySmall    = "small"
	bodyTraces   = "traces"
	bodyRecords  = "records"
	bodySearch   = "search"
	bodyArtifact = "artifact"
)

var knownMethods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// routeFile is everything that the gateway knows of a release of MLflow.
type routeFile struct {
	MLflow  string
	Groups  []routeGroup
	GraphQL struct{ Read []string }
}

type routeGroup struct {
	Need    string
	Feature string
	Body    string
	Why     string
	Routes  []string
}

type route struct {
	pattern string
	need    string
	feature string
	body    string
	// Which segment is the id of a trace, or 0.
	traceSegment int
}

// routeTable finds the route of a request.
type routeTable struct {
	root    routeNode
	graphQL map[string]bool
	// All features that routes name.
	features []string
}

// routeNode is a node in the tree of path segments.
type routeNode struct {
	literals map[string]*routeNode
	// {name}: any single segment.
	parameter *routeNode
	// By method; "*" is any method.
	routes map[string]*route
	// {name...}: one or more segments.
	rest map[string]*route
}

func readRoutes(file string) (*routeTable, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("routes: %w", err)
	}
	table, err := parseRoutes(text)
	if err != nil {
		return nil, fmt.Errorf("routes: %s: %w", file, err)
	}
	return table, nil
}

func parseRoutes(text []byte) (*routeTable, error) {
	var content routeFile
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&content); err != nil {
		return nil, err
	}
	table := &routeTable{graphQL: make(map[string]bool)}
	for _, field := range content.GraphQL.Read {
		table.graphQL[field] = true
	}
	for _, group := range content.Groups {
		group.Body = orDefault(group.Body, bodySmall)
		if !slices.Contains([]string{bodySmall, bodyTraces, bodyRecords, bodySearch, bodyArtifact}, group.Body) {
			return nil, fmt.Errorf("unknown body %q: must be small, traces, records, search or artifact", group.Body)
		}
		if _, err := parseRole(group.Need); err != nil &&
			!slices.Contains(specialNeeds, group.Need) {
			return nil, fmt.Errorf("unknown need %q: must be read, write, admin, %s", group.Need, strings.Join(specialNeeds, ", "))
		}
		if group.Feature != "" && !slices.Contains(table.features, group.Feature) {
			table.features = append(table.features, group.Feature)
		}
		for _, text := range group.Routes {
			if err := table.add(text, route{need: group.Need, feature: group.Feature, body: group.Body}); err != nil {
				return nil, fmt.Errorf("route %q: %w", text, err)
			}
		}
	}
	if len(content.Groups) == 0 {
		return nil, errors.New("there are no routes")
	}
	return table, nil
}

func (t *routeTable) add(text string, r route) error {
	methods, pattern, found := strings.Cut(text, " ")
	if !found || !strings.HasPrefix(pattern, "/") || strings.ContainsAny(pattern, " %?#") {
		return errors.New("must be a method, a blank and a path")
	}
	r.pattern, r.traceSegment = pattern, traceSegment(pattern)
	patterns := []string{pattern}
	if rest, ok := strings.CutPrefix(pattern, "/api/"); ok {
		patterns = append(patterns, "/ajax-api/"+rest)
	}
	for method := range strings.SplitSeq(methods, "|") {
		if method != "*" && !slices.Contains(knownMethods, method) {
			return fmt.Errorf("unknown method %q", method)
		}
		for _, pattern := range patterns {
			if err := t.root.add(strings.Split(pattern[1:], "/"), method, &r); err != nil {
				return err
			}
			// HEAD is GET without the body.
			if method == "GET" {
				if err := t.root.add(strings.Split(pattern[1:], "/"), "HEAD", &r); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (n *routeNode) add(segments []string, method string, r *route) error {
	for i, segment := range segments {
		name, isParameter := strings.CutPrefix(segment, "{")
		switch {
		case !isParameter && strings.ContainsAny(segment, "{}"):
			return errors.New("a parameter must be a whole segment")
		case !isParameter:
			if n.literals == nil {
				n.literals = make(map[string]*routeNode)
			}
			if n.literals[segment] == nil {
				n.literals[segment] = new(routeNode)
			}
			n = n.literals[segment]
		case strings.HasSuffix(name, "...}"):
			if i < len(segments)-1 {
				return errors.New("{name...} must be the last segment")
			}
			return addRoute(&n.rest, method, r)
		case strings.HasSuffix(name, "}"):
			if n.parameter == nil {
				n.parameter = new(routeNode)
			}
			n = n.parameter
		default:
			return errors.New("a parameter must be a whole segment")
		}
	}
	return addRoute(&n.routes, method, r)
}

func addRoute(routes *map[string]*route, method string, r *route) error {
	if *routes == nil {
		*routes = make(map[string]*route)
	}
	if other := (*routes)[method]; other != nil && *other != *r {
		return fmt.Errorf("is the same as %s %s", method, other.pattern)
	}
	(*routes)[method] = r
	return nil
}

// find returns the route of a path, and the segments that {name...} stands for. As in MLflow's own routers, a literal
// segment takes precedence over a parameter, and a route of another method does not match.
func (t *routeTable) find(method, path string) (found *route, rest string) {
	return t.root.find(method, path[1:])
}

func (n *routeNode) find(method, path string) (*route, string) {
	segment, following, more := strings.Cut(path, "/")
	for _, next := range []*routeNode{n.literals[segment], n.parameter} {
		if next == nil || (next == n.parameter && segment == "") {
			continue
		}
		if more {
			if found, rest := next.find(method, following); found != nil {
				return found, rest
			}
		} else if found := ofMethod(next.routes, method); found != nil {
			return found, ""
		}
	}
	if found := ofMethod(n.rest, method); found != nil && path != "" {
		return found, path
	}
	return nil, ""
}

func ofMethod(routes map[string]*route, method string) *route {
	if found := routes[method]; found != nil {
		return found
	}
	return routes["*"]
}
