using System.Net;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Contract;

/// <summary>A NATS server that answers, and has no JetStream for us: 503 with what to do, on every route.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class WithoutJetStreamTests
{
    private static readonly (string Method, string Path, string? Body)[] Routes =
    [
        ("GET", "/v1/admin/ready", null),
        ("GET", "/v1/admin/stream", null),
        ("POST", "/v1/admin/stream", """{"name":"s"}"""),
        ("GET", "/v1/admin/stream/s", null),
        ("DELETE", "/v1/admin/stream/s", null),
        ("POST", "/v1/admin/stream/s/consumer", """{"name":"c","mode":"push","max_inflight":9}"""),
        ("GET", "/v1/data/ready", null),
        ("POST", "/v1/data/subject/s", "aGk="),
        ("GET", "/v1/data/stream/s/consumer/c?subject_name=s", null),
        ("POST", "/v1/data/stream/s/consumer/c/ack", """{"stream":1,"consumer":1}"""),
    ];

    [Test]
    public async Task EveryRoute_ServerWithoutJetStream_Is503ThatNamesIt()
    {
        await using var nats = await ServerUnderTest.StartWithoutJetStreamAsync();
        await AssertUnavailableAsync(nats.Url, "not enabled");
    }

    /// <summary>The server has JetStream, and the account that we log in to has not.</summary>
    [Test]
    public async Task EveryRoute_AccountWithoutJetStream_Is503ThatNamesIt()
    {
        var configuration = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(configuration, "accounts { A { users: [{user: a, password: a}] } }");
            await using var nats = await ServerUnderTest.StartAsync("-c", configuration);
            await AssertUnavailableAsync(nats.Url.Replace("nats://", "nats://a:a@", StringComparison.Ordinal), "not enabled");
        }
        finally
        {
            File.Delete(configuration);
        }
    }

    private static async Task AssertUnavailableAsync(string url, string words)
    {
        await using var gateway = await Gateway.StartAsync(url);
        using var client = gateway.Client();
        await Eventually.HoldsAsync(
            async () =>
                !(await client.ManageAsync(HttpMethod.Get, "/v1/admin/ready")).Detail.Contains("no connection", StringComparison.Ordinal)
                && !(await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Detail.Contains("no connection", StringComparison.Ordinal),
            "connected");
        foreach (var (method, path, body) in Routes)
        {
            var answer = path.StartsWith("/v1/admin", StringComparison.Ordinal)
                ? await client.ManageAsync(new HttpMethod(method), path, body)
                : await client.DataAsync(new HttpMethod(method), path, body is null ? null : new StringContent(body));
            using (Assert.EnterMultipleScope())
            {
                Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.ServiceUnavailable), $"{method} {path}: {answer}");
                Assert.That(answer.Detail, Does.Contain(words), $"{method} {path}");
                Assert.That(answer.Response.Headers.RetryAfter, Is.Not.Null, $"{method} {path}");
            }
        }
    }
}
