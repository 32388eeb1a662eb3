// Package operatorapi holds the description of the operator API as an OpenAPI
// 3.1 document, which the API itself offers. README.md shows how to use it.
package operatorapi

import (
	"bytes"
	_ "embed"
)

//go:embed openapi.yaml
var document []byte

// Document returns openapi.yaml, a fresh copy on each call.
func Document() []byte { return bytes.Clone(document) }
