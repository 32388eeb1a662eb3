package operatorapi_test

import (
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	operatorapi "github.com/orderbridge/orderbridge/docs/operator-api"
)

func TestDocumentIsOpenAPI31(t *testing.T) {
	t.Parallel()

	doc, err := openapi3.NewLoader().LoadFromData(operatorapi.Document())
	require.NoError(t, err)
	require.Equal(t, "3.1.0", doc.OpenAPI)
	require.NoError(t, doc.Validate(t.Context(), openapi3.EnableExamplesValidation()))
}

func TestDocumentIsACopy(t *testing.T) {
	t.Parallel()

	first := operatorapi.Document()
	first[0] = '#'
	require.NotEqual(t, first[0], operatorapi.Document()[0])
}
