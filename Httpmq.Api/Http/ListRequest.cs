using Httpmq.Application.Validation;

namespace Httpmq.Api.Http;

/// <summary>Reads what part of a list is asked for.</summary>
internal static class ListRequest
{
    public static ListQuery Read(HttpRequest request) =>
        new(request.Text("name"), request.Text("subject"), request.Number("offset"), request.Number("limit"));
}
