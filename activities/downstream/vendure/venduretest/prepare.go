package venduretest

import (
	"context"
	"errors"
	"fmt"
)

// AdapterPermissions are the permissions of the role that a Server's adapter
// has, and the least with which one works: to read orders, and to cancel and
// fulfill them. Measured on 3.7.3: without one of them Vendure answers the
// code FORBIDDEN, with HTTP 200.
func AdapterPermissions() []string { return []string{"ReadOrder", "UpdateOrder"} }

// prepare logs the back door in, learns what the server sells and makes the
// administrator that an adapter uses.
func (s *Server) prepare(ctx context.Context) error {
	if err := s.admin.login(ctx, s.Username, s.Password); err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	var shop struct {
		Variants struct {
			Items []struct {
				ID  string `json:"id"`
				SKU string `json:"sku"`
			} `json:"items"`
		} `json:"productVariants"`
		Methods struct {
			Items []struct {
				ID string `json:"id"`
			} `json:"items"`
		} `json:"shippingMethods"`
		Administrators struct {
			Items []struct {
				ID string `json:"id"`
			} `json:"items"`
		} `json:"administrators"`
	}
	err := s.admin.do(ctx, `query ($name: String!) {
		productVariants { items { id sku } }
		shippingMethods { items { id } }
		administrators(options: {filter: {emailAddress: {eq: $name}}}) { items { id } }
	}`, map[string]any{"name": s.AdapterUsername}, &shop)
	if err != nil {
		return fmt.Errorf("read what there is: %w", err)
	}
	s.skus = map[string]string{}
	for _, variant := range shop.Variants.Items {
		s.skus[variant.SKU] = variant.ID
	}
	if len(shop.Methods.Items) == 0 || len(s.skus) == 0 {
		return errors.New("the database was not populated")
	}
	s.method = shop.Methods.Items[0].ID
	if len(shop.Administrators.Items) > 0 {
		s.adapter = shop.Administrators.Items[0].ID
		return nil
	}
	s.adapter, err = s.addAdministrator(ctx, s.AdapterUsername, s.AdapterPassword, AdapterPermissions())
	return err
}

// AddAdministrator adds an administrator with a role of these permissions.
func (s *Server) AddAdministrator(ctx context.Context, username, password string, permissions []string) error {
	if _, err := s.addAdministrator(ctx, username, password, permissions); err != nil {
		return fmt.Errorf("vendure: %w", err)
	}
	return nil
}

func (s *Server) addAdministrator(ctx context.Context, username, password string, permissions []string) (id string, err error) {
	role, err := s.addRole(ctx, username, permissions)
	if err != nil {
		return "", err
	}
	var administrator struct {
		Created struct {
			ID string `json:"id"`
		} `json:"createAdministrator"`
	}
	err = s.admin.do(ctx, `mutation ($username: String!, $password: String!, $role: ID!) {
		createAdministrator(input: {
			firstName: "Order", lastName: "Bridge", emailAddress: $username, password: $password, roleIds: [$role]
		}) { id }
	}`, map[string]any{"username": username, "password": password, "role": role}, &administrator)
	if err != nil {
		return "", fmt.Errorf("add administrator %s: %w", username, err)
	}
	return administrator.Created.ID, nil
}

// AddAPIKey makes an API key with a role of these permissions and returns it.
// Vendure's history names no administrator for what is done with a key, so
// that Effects does not count it.
func (s *Server) AddAPIKey(ctx context.Context, name string, permissions []string) (string, error) {
	role, err := s.addRole(ctx, name, permissions)
	if err != nil {
		return "", fmt.Errorf("vendure: %w", err)
	}
	var key struct {
		Created struct {
			Key string `json:"apiKey"`
		} `json:"createApiKey"`
	}
	err = s.admin.do(ctx, `mutation ($name: String!, $role: ID!) {
		createApiKey(input: {roleIds: [$role], translations: [{languageCode: en, name: $name}]}) { apiKey }
	}`, map[string]any{"name": name, "role": role}, &key)
	if err != nil {
		return "", fmt.Errorf("vendure: add API key %s: %w", name, err)
	}
	return key.Created.Key, nil
}

func (s *Server) addRole(ctx context.Context, code string, permissions []string) (id string, err error) {
	var role struct {
		Created struct {
			ID string `json:"id"`
		} `json:"createRole"`
	}
	err = s.admin.do(ctx, `mutation ($code: String!, $permissions: [Permission!]!) {
		createRole(input: {code: $code, description: "Made by a test", permissions: $permissions}) { id }
	}`, map[string]any{"code": code, "permissions": permissions}, &role)
	if err != nil {
		return "", fmt.Errorf("add role %s: %w", code, err)
	}
	return role.Created.ID, nil
}

// SetStock sets how many of a product are in stock. Vendure refuses to fulfill
// more than that, if the product is tracked.
func (s *Server) SetStock(ctx context.Context, sku string, onHand int) error {
	id, ok := s.skus[sku]
	if !ok {
		return fmt.Errorf("vendure: nothing is sold as %s", sku)
	}
	err := s.admin.do(ctx, `mutation ($id: ID!, $stock: Int!) {
		updateProductVariants(input: [{id: $id, stockOnHand: $stock}]) { id }
	}`, map[string]any{"id": id, "stock": onHand}, nil)
	if err != nil {
		return fmt.Errorf("vendure: set the stock of %s: %w", sku, err)
	}
	return nil
}
