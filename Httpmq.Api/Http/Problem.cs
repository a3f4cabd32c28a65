using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Httpmq.Api.Errors;
using Httpmq.Api.Json;
using Httpmq.Domain.Errors;

namespace Httpmq.Api.Http;

/// <summary>
/// An error as problem details (RFC 9457), for clients whose <c>Accept</c> names <c>application/problem+json</c>. The members of the error
/// that mean something to a program are extension members.
/// </summary>
internal static class Problem
{
    public const string ContentType = "application/problem+json";

    private static readonly Dictionary<string, string> Extensions = new(StringComparer.Ordinal)
    {
        ["stream"] = "stream",
        ["consumer"] = "consumer",
        ["subject"] = "subject",
        ["sequence"] = "sequence",
        ["field"] = "field",
        ["value"] = "value",
        ["header"] = "header",
        ["limit"] = "limit",
        ["size"] = "size",
        ["seconds"] = "seconds",
        ["wanted"] = "wanted",
        ["current"] = "current",
        ["last_sequence"] = "last_sequence",
        ["index"] = "index",
        ["since"] = "since",
        ["server"] = "server",
        ["subjects"] = "subjects",
        ["filters"] = "filters",
        ["other_stream"] = "other_stream",
        ["warnings"] = "warnings",
        ["err_code"] = "nats_err_code",
        ["values"] = "errors",
    };

    private static readonly JsonWriterOptions Options = new() { Encoder = WireJson.Options().Encoder };

    /// <summary>Whether the client asks for it by name, and for plain JSON no more than for it.</summary>
    public static bool IsWanted(HttpRequest request) => BytesAnswer.IsWanted(request, ContentType);

    /// <summary>Writes the body and its headers; the status was set before.</summary>
    public static void Write(HttpResponse response, Error error, int status)
    {
        var request = response.HttpContext.Request;
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, $"{request.PathBase}{ErrorPages.Path}/{error.Type.Slug}");
            json.WriteString("title"u8, error.Message());
            json.WriteNumber("status"u8, status);
            json.WriteString("detail"u8, error.Detail());
            json.WriteString("instance"u8, $"{request.PathBase}{request.Path}");
            json.WriteString("request_id"u8, response.HttpContext.TraceIdentifier);
            foreach (var (name, shown) in Extensions)
            {
                if (error[name] is { } value)
                {
                    json.WritePropertyName(shown);
                    Write(json, value);
                }
            }

            json.WriteEndObject();
        }

        response.ContentType = ContentType;
        response.ContentLength = buffer.Length;
        if (!HttpMethods.IsHead(request.Method))
        {
            response.BodyWriter.Write(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
        }
    }

    private static void Write(Utf8JsonWriter json, object value)
    {
        switch (value)
        {
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case int or long or uint or ulong or double:
                json.WriteRawValue(Convert.ToString(value, CultureInfo.InvariantCulture)!);
                break;
            case InvalidValue invalid:
                json.WriteStartObject();
                json.WriteString("field"u8, invalid.Field);
                json.WriteString("detail"u8, invalid.Reason);
                json.WriteEndObject();
                break;
            case IEnumerable<object> list:
                json.WriteStartArray();
                foreach (var one in list)
                {
                    Write(json, one);
                }

                json.WriteEndArray();
                break;
            default:
                json.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }
    }
}

/// <summary>The members that every problem has (RFC 9457), for the OpenAPI documents.</summary>
/// <param name="Type">The path of the page about the type of error; docs/errors.md lists them all.</param>
/// <param name="Title">What failed, in one short sentence.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">Why: the field and its value, or JetStream's own text with its err_code.</param>
/// <param name="Instance">The path of the request.</param>
/// <param name="RequestId">The request's id, which the log has.</param>
/// <param name="NatsErrCode">JetStream's own code, where it was JetStream that refused.</param>
internal sealed record ProblemDocument(
    string Type,
    string Title,
    int Status,
    string Detail,
    string Instance,
    string RequestId,
    int? NatsErrCode);
