//go:build tools

// Names the program for the module file; the program itself is built by its path.
package main

import _ "github.com/opentofu/opentofu/cmd/tofu"
