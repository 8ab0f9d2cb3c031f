package main

import "strings"

// A key of an object may be any text, and a name in a folder may not. So "", ".", ".." and a "%" are written in another
// way, and so is an object whose key is also the folder of others. Keys of MLflow's are none of these.

// nameOf is the name of a part of a key, in a folder of a backup.
func nameOf(part string, alsoFolder bool) string {
	name := strings.ReplaceAll(part, "%", "%25")
	switch name {
	case "":
		name = "%"
	case ".", "..":
		name = strings.ReplaceAll(name, ".", "%2E")
	}
	if alsoFolder {
		name += "%"
	}
	return name
}

// partOf is the part of a key that a name stands for.
func partOf(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(strings.TrimRight(name, "%"), "%2E", "."), "%25", "%")
}
