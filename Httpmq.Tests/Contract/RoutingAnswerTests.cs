using Httpmq.Tests.Support;

namespace Httpmq.Tests.Contract;

/// <summary>Paths that newcomers try: each is 404 with what is wrong and where to go on.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
[Category(ServerUnderTest.Category)]
internal sealed class RoutingAnswerTests(string version) : ContractTest(version)
{
    [TestCase("GET", "/", "this is the management API of httpmq ")]
    [TestCase("GET", "/", "/swagger documents it")]
    [TestCase("GET", "/", "/v1/admin/alive")]
    [TestCase("GET", "/v1/data/alive",
        "this is the management API; the dataplane API, which has /v1/data/, listens on a port of its own, 3001 by default")]
    [TestCase("POST", "/v1/data/subject/orders.new", "this is the management API; the dataplane API")]
    [TestCase("GET", "/v1/admin/alive/", "leave out the slash at the end: /v1/admin/alive")]
    [TestCase("GET", "/v1/admin/stream/orders/", "leave out the slash at the end: /v1/admin/stream/orders")]
    [TestCase("GET", "/v1/admin/streams", "did you mean /v1/admin/stream?")]
    [TestCase("GET", "/v1/admin/streams/orders", "did you mean /v1/admin/stream/orders?")]
    [TestCase("GET", "/v1/admin/streams/orders/consumers", "did you mean /v1/admin/stream/orders/consumer?")]
    [TestCase("GET", "/v1/admin/stream/orders/consumers/", "did you mean /v1/admin/stream/orders/consumer?")]
    [TestCase("PUT", "/v1/admin/stream/orders/subjects", "did you mean /v1/admin/stream/orders/subject?")]
    [TestCase("PUT", "/v1/admin/stream/orders/limits", "did you mean /v1/admin/stream/orders/limit?")]
    [TestCase("GET", "/v1/admin/straem", "did you mean /v1/admin/stream?")]
    [TestCase("GET", "/v1/ADMIN/alive", "paths are in lower case: /v1/admin/alive")]
    [TestCase("GET", "/admin/stream", "did you mean /v1/admin/stream?")]
    [TestCase("GET", "/stream", "did you mean /v1/admin/stream?")]
    [TestCase("GET", "//v1/admin/alive", "did you mean /v1/admin/alive?")]
    [TestCase("GET", "/healthz", "/v1/admin/alive (the process answers) and /v1/admin/ready (it can serve)")]
    [TestCase("GET", "/health", "/v1/admin/alive")]
    [TestCase("GET", "/readyz", "/v1/admin/ready")]
    [TestCase("GET", "/ping", "/v1/admin/alive")]
    [TestCase("GET", "/docs", "the documentation is at /swagger, the OpenAPI document at /swagger/v1/swagger.json")]
    [TestCase("GET", "/openapi.json", "/swagger/v1/swagger.json")]
    [TestCase("GET", "/nope", "/swagger lists all routes")]
    [TestCase("GET", "/v1/admin/stream/a/b/c/d/e/f", "/swagger lists all routes")]
    public async Task Management_PathOfNoRoute_SaysWhatIsWrong(string method, string path, string advice) =>
        (await ManageAsync(method, path)).Expect(404, advice).Expect(404, $"no route {path}: ");

    [TestCase("GET", "/", "this is the dataplane API of httpmq ")]
    [TestCase("GET", "/v1/admin/stream",
        "this is the dataplane API; the management API, which has /v1/admin/, listens on a port of its own, 3000 by default")]
    [TestCase("POST", "/v1/data/subject/orders/new",
        "the tokens of a subject are split by '.': /v1/data/subject/orders.new; a slash within a token is written %2F")]
    [TestCase("POST", "/v1/data/subject/orders/", "leave out the slash at the end: /v1/data/subject/orders")]
    [TestCase("POST", "/v1/data/subject", "the subject is missing: /v1/data/subject/orders.new")]
    [TestCase("POST", "/v1/data/subject/", "the subject is missing: /v1/data/subject/orders.new")]
    [TestCase("POST", "/v1/data/subjects/orders", "did you mean /v1/data/subject/orders?")]
    [TestCase("GET", "/v1/data/streams/s/consumers/c", "did you mean /v1/data/stream/s/consumer/c?")]
    [TestCase("POST", "/v1/data/stream/s/consumer/c/acks", "did you mean /v1/data/stream/s/consumer/c/ack?")]
    [TestCase("GET", "/healthz", "/v1/data/alive")]
    public async Task Dataplane_PathOfNoRoute_SaysWhatIsWrong(string method, string path, string advice) =>
        (await DataAsync(method, path)).Expect(404, advice);

    [Test]
    public async Task Root_VisitedWithABrowser_LeadsToTheDocumentation()
    {
        var answer = await ManageAsync("GET", "/", headers: "Accept: text/html,application/xhtml+xml,*/*;q=0.8");

        Assert.That((answer.Status, answer.Header("Location")), Is.EqualTo((302, "/swagger")));
    }

    [Test]
    public async Task Prefix_LeftOutOrInTheAdvice_IsNamed()
    {
        await using var gateway = await Gateway.StartAsync(SharedServers.Nats.Url, server => server with { PathPrefix = "/mq" });

        Task<WireAnswer> Ask(string path) => SendAsync(gateway.Management, "GET", path, body: null);
        (await Ask("/v1/admin/stream")).Expect(
            404, "no route /v1/admin/stream: every path begins with /mq (management.endpoint_config.path_prefix)");
        (await Ask("/mq/v1/admin/streams")).Expect(404, "no route /mq/v1/admin/streams: did you mean /mq/v1/admin/stream?");
        (await Ask("/mq")).Expect(404, "/mq/swagger documents it");
    }
}
