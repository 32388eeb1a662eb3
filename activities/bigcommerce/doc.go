// Package bigcommerce is a client of the part of BigCommerce's REST API that
// Orderbridge needs, and reads the callbacks that BigCommerce sends.
package bigcommerce
