using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Httpmq.Tests.Contract;

/// <summary>An answer as it came, held to what the contract promises of every answer.</summary>
internal sealed partial record WireAnswer(int Status, HttpResponseMessage Response, string Text)
{
    public const string RequestIdHeader = "Httpmq-Request-ID";

    public JsonNode Json => JsonNode.Parse(Text)!;

    public string Message => (string)Json["error"]!["message"]!;

    public string Detail => (string)Json["error"]!["detail"]!;

    public string Type => (string)Json["error"]!["type"]!;

    public string RequestId => string.Join('|', Response.Headers.GetValues(RequestIdHeader));

    public string? Header(string name) =>
        Response.Headers.TryGetValues(name, out var values)
            || Response.Content.Headers.TryGetValues(name, out values) ? string.Join(", ", values) : null;

    public static async Task<WireAnswer> ReadAsync(HttpResponseMessage response)
    {
        var bytes = await response.Content.ReadAsByteArrayAsync();
        return new WireAnswer((int)response.StatusCode, response, Encoding.UTF8.GetString(bytes));
    }

    /// <summary>The status, and with it the promises of section 2.</summary>
    public WireAnswer Expect(int status, string? detail = null)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Status, Is.EqualTo(status), Text);
            Assert.That(Header("Content-Type"), Is.EqualTo("application/json"));
            Assert.That(Header("Content-Length"), Is.Not.Null);
        }

        var keys = Json.AsObject().Select(field => field.Key).ToArray();
        using (Assert.EnterMultipleScope())
        {
            Assert.That((string?)Json["request_id"], Is.EqualTo(RequestId).And.Not.Empty);
            Assert.That((bool)Json["success"]!, Is.EqualTo(status == 200));
            Assert.That(keys.Take(2), Is.EqualTo(new[] { "success", "request_id" }), Text);
            Assert.That(Strings().Replace(Text, string.Empty), Does.Not.Match(@"\s"), $"not compact: {Text}");
            Assert.That(keys.Contains("error", StringComparer.Ordinal), Is.EqualTo(status != 200), Text);
            if (status != 200)
            {
                Assert.That(
                    Json["error"]!.AsObject().Select(field => field.Key).Where(key => key is not ("last_sequence" or "index")),
                    Is.EqualTo(new[] { "code", "message", "detail", "type" }), Text);
                Assert.That((int)Json["error"]!["code"]!, Is.EqualTo(status));
                Assert.That(Message, Is.Not.Empty);
                Assert.That(Type, Is.Not.Empty);
                Assert.That(Detail, detail is null ? Is.Not.Empty : Does.Contain(detail));
            }

            Assert.That(Header("Retry-After"), status == 503 ? Is.Not.Null : Is.Null);
            Assert.That(Header("Allow"), status == (int)HttpStatusCode.MethodNotAllowed ? Is.Not.Empty : Is.Null);
        }

        return this;
    }

    [GeneratedRegex("""
        "([^"\\]|\\.)*"
        """, RegexOptions.ExplicitCapture | RegexOptions.IgnorePatternWhitespace, 1000)]
    private static partial Regex Strings();
}
