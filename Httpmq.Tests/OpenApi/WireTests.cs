using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.OpenApi;

/// <summary>What the servers really answer, held against the schemas.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class WireTests
{
    private readonly OpenApiFile _management = new("management");
    private readonly OpenApiFile _dataplane = new("dataplane");
    private GatewayClient _client = null!;
    private string _stream = null!;

    [SetUp]
    public async Task DefineAsync()
    {
        _client = SharedServers.Gateway.Client();
        _stream = SharedServers.NewName();
        await _client.DefineStreamAsync(_stream, _stream);
        await _client.DefineConsumerAsync(_stream, "c0");
    }

    [TearDown]
    public void Disconnect() => _client.Dispose();

    [TestCase("ListStreams", "/v1/admin/stream")]
    [TestCase("GetStream", "/v1/admin/stream/{stream}")]
    [TestCase("ListConsumers", "/v1/admin/stream/{stream}/consumer")]
    [TestCase("GetConsumer", "/v1/admin/stream/{stream}/consumer/c0")]
    [TestCase("ManagementReady", "/v1/admin/ready")]
    [TestCase("GetInfo", "/v1/admin/info")]
    public async Task Answer_Management_KeepsItsSchema(string operationId, string path)
    {
        var answer = await _client.ManageAsync(HttpMethod.Get, path.Replace("{stream}", _stream, StringComparison.Ordinal));

        Assert.That(_management.Deviations(answer.Body, SchemaOf(_management, operationId, "200"), operationId), Is.Empty);
    }

    [Test]
    public async Task Answer_Failure_KeepsItsSchema()
    {
        var answer = await _client.ManageAsync(HttpMethod.Get, "/v1/admin/stream/unknown");

        Assert.That(_management.Deviations(answer.Body, SchemaOf(_management, "GetStream", "404"), "failure"), Is.Empty);
    }

    [Test]
    public async Task Answer_PublishAndItsDelivery_KeepTheirSchemas()
    {
        var published = await _client.TryPublishAsync(_stream, [1]);
        await using var subscription = await _client.SubscribeAsync(_stream, "c0", $"subject_name={_stream}");
        var line = await subscription.NextAsync();

        var publish = _dataplane.Deviations(published.Body, SchemaOf(_dataplane, "PublishMessage", "200"), "publish");
        var delivery = _dataplane.Deviations(line.Json, _dataplane.Schemas["DeliveryLine"]!, "line");

        Assert.That(publish.Concat(delivery), Is.Empty);
    }

    [TestCase("""{"subject":"{stream}","b64_msg":"AQ=="}""", true)]
    [TestCase("""{"subject":"{stream}","b64_msg":"?"}""", false)]
    public async Task Answer_BatchOutcome_KeepsItsSchema(string record, bool success)
    {
        using var body = new StringContent(record.Replace("{stream}", _stream, StringComparison.Ordinal));

        var outcome = await _client.DataAsync(HttpMethod.Post, "/v1/data/publish", body);

        Assert.That(outcome.Success, Is.EqualTo(success));
        Assert.That(_dataplane.Deviations(outcome.Body, _dataplane.Schemas["PublishOutcome"]!, "outcome"), Is.Empty);
    }

    [Test]
    public async Task Answer_SeveralAcknowledged_KeepsItsSchema()
    {
        await _client.PublishAsync(_stream, "m");
        await using var subscription = await _client.SubscribeAsync(_stream, "c0", $"subject_name={_stream}");
        await subscription.NextAsync();
        using var body = new StringContent("""[{"stream":1,"consumer":1},{"stream":7,"consumer":7}]""");

        var answer = await _client.DataAsync(HttpMethod.Post, $"/v1/data/stream/{_stream}/consumer/c0/ack", body);

        Assert.That(((int)answer.Body["acknowledged"]!, (int)answer.Body["failed"]!), Is.EqualTo((1, 1)));
        Assert.That(_dataplane.Deviations(answer.Body, _dataplane.Schemas["AckBatchAnswer"]!, "answer"), Is.Empty);
    }

    private static JsonNode SchemaOf(OpenApiFile document, string operationId, string status) =>
        document.Operation(operationId).Json["responses"]![status]!["content"]!["application/json"]!["schema"]!;
}
