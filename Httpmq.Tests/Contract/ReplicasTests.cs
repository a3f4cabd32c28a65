using System.Net;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Contract;

/// <summary>The stream parameter replicas, on a server without a cluster; the chaos run has one with.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class ReplicasTests
{
    private GatewayClient _client = null!;

    [SetUp]
    public void Connect() => _client = SharedServers.Gateway.Client();

    [TearDown]
    public void Disconnect() => _client.Dispose();

    [TestCase("", 1)]
    [TestCase(""","replicas":null""", 1)]
    [TestCase(""","replicas":1""", 1)]
    public async Task Define_OneOrAbsent_IsReportedAsOne(string field, int expected)
    {
        var stream = SharedServers.NewName();

        var answer = await _client.ManageAsync(HttpMethod.Post, "/v1/admin/stream", $$"""{"name":"{{stream}}"{{field}}}""");

        Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.OK), answer.ToString());
        Assert.That((int)(await _client.StreamAsync(stream))["config"]!["replicas"]!, Is.EqualTo(expected));
    }

    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(6)]
    public async Task Define_OutOfRange_IsRefusedWithTheRange(int replicas)
    {
        var answer = await _client.ManageAsync(
            HttpMethod.Post, "/v1/admin/stream", $$"""{"name":"{{SharedServers.NewName()}}","replicas":{{replicas}}}""");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.BadRequest));
            Assert.That(answer.Detail, Is.EqualTo($"replicas: {replicas} is not within 1 and 5"));
        }
    }

    [Test]
    public async Task Define_MoreThanOneWithoutACluster_IsTheClientsMistake()
    {
        var answer = await _client.ManageAsync(
            HttpMethod.Post, "/v1/admin/stream", $$"""{"name":"{{SharedServers.NewName()}}","replicas":3}""");

        Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.BadRequest), answer.ToString());
    }
}
