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
        ("GET", "/v1/admin/info", null),
        ("GET", "/v1/admin/stream", null),
        ("POST", "/v1/admin/stream", """{"name":"s"}"""),
        ("GET", "/v1/admin/stream/s", null),
        ("DELETE", "/v1/admin/stream/s", null),
        ("POST", "/v1/admin/stream/s/consumer", """{"name":"c","mode":"push","max_inflight":9}"""),
        ("GET", "/v1/admin/stream?name=*&offset=1", null),
        ("PUT", "/v1/admin/stream/s", """{"subjects":["s"]}"""),
        ("PUT", "/v1/admin/stream/s/subject", """{"subjects":["s"]}"""),
        ("PUT", "/v1/admin/stream/s/limit", """{"max_msgs":1}"""),
        ("POST", "/v1/admin/stream/s/purge", "{}"),
        ("GET", "/v1/admin/stream/s/subject", null),
        ("GET", "/v1/admin/stream/s/message/1", null),
        ("DELETE", "/v1/admin/stream/s/message/1", null),
        ("GET", "/v1/admin/stream/s/consumer", null),
        ("GET", "/v1/admin/stream/s/consumer/c", null),
        ("PUT", "/v1/admin/stream/s/consumer/c", """{"max_ack_pending":1}"""),
        ("DELETE", "/v1/admin/stream/s/consumer/c", null),
        ("GET", "/v1/data/ready", null),
        ("POST", "/v1/data/subject/s?encoding=raw", "hi"),
        ("GET", "/v1/data/subject/s", null),
        ("GET", "/v1/data/stream/s/message", null),
        ("GET", "/v1/data/stream/s/message/1", null),
        ("POST", "/v1/data/stream/s/consumer/c/pull", "{}"),
        ("POST", "/v1/data/subject/s", "aGk="),
        ("GET", "/v1/data/stream/s/consumer/c?subject_name=s", null),
        ("POST", "/v1/data/stream/s/consumer/c/ack", """{"stream":1,"consumer":1}"""),
    ];

    /// <summary>What not every server has: those that lack it say so before they are asked.</summary>
    private static readonly (string Method, string Path, string? Body)[] NewerRoutes =
    [
        ("POST", "/v1/admin/stream/s/consumer/c/pause", """{"until":"2099-01-15T09:30:00Z"}"""),
        ("POST", "/v1/admin/stream/s/consumer/c/resume", null),
        ("POST", "/v1/admin/stream/s/consumer/c/reset", "{}"),
        ("POST", "/v1/admin/stream/s/consumer/c/unpin", """{"group":"g"}"""),
        ("POST", "/v1/data/publish?atomic=true", """{"subject":"s","msg":"x"}"""),
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
        foreach (var (method, path, body) in ServerUnderTest.IsAtLeast(2, 14) ? [.. Routes, .. NewerRoutes] : Routes)
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
