using Httpmq.Api.Http;
using Httpmq.Domain.Errors;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Tests.Infrastructure.Protocol;

/// <summary>Each code that nats-server sends, and the HTTP status that clients see for it.</summary>
internal sealed class JetStreamErrorsTests
{
    // By status: err_code / JetStream's own code. https://github.com/nats-io/nats-server/blob/main/server/errors.json.
    private static readonly (int Status, string Codes)[] Table =
    [
        (400, "10003/400 10025/400 10052/500 10074/500 10178/400 10193/400 10205/400 10206/400 10207/400 10208/400 10227/400"),
        (422, "10111/500 10165/400 10166/400 10168/400 10169/400 10170/400 10171/400"),
        (422, "10174/400 10175/400 10176/400 10177/400 10179/400 10188/400 10189/400 10190/400 10191/400 10192/400"),
        (422, "10199/400 10200/400 10201/400 10203/400 10223/400"),
        (404, "10014/404 10037/404 10043/400 10059/404"),
        (409, "10013/400 10026/400 10058/400 10065/400 10099/400 10100/400 10101/400 10109/400 10110/500 10148/400 "
            + "10149/400 10158/409 10226/400"),
        (412, "10060/400 10070/400 10071/400 10164/400 10180/400 10185/412"),
        (413, "10054/400"),
        (429, "10167/429 10210/429 10211/429"),
        (503, "10008/503 10009/503 10010/503 10039/503 10076/503 10163/503 10194/500 10195/500"),
        (507, "10002/400 10023/503 10027/400 10028/500 10047/500 10077/503"),
    ];

    private static IEnumerable<TestCaseData> Codes() =>
        from row in Table
        from pair in row.Codes.Split(' ')
        let numbers = pair.Split('/').Select(int.Parse).ToArray()
        select new TestCaseData(numbers[0], numbers[1], row.Status);

    [TestCaseSource(nameof(Codes))]
    public void ToError_KnownCode_HasTheStatus(int errCode, int code, int status) =>
        Assert.That(StatusOf(errCode, code, "text"), Is.EqualTo(status));

    [TestCase("stream store EOF", 404)]
    [TestCase("message not found", 404)]
    [TestCase("message delete not permitted", 409)]
    [TestCase("disk on fire", 500)]
    public void ToError_DeleteFailed_IsWhatTheTextSays(string text, int status) =>
        Assert.That(StatusOf(10057, 500, text), Is.EqualTo(status));

    [TestCase(400, 400)]
    [TestCase(404, 404)]
    [TestCase(408, 504)]
    [TestCase(409, 409)]
    [TestCase(412, 412)]
    [TestCase(413, 413)]
    [TestCase(422, 400)]
    [TestCase(429, 429)]
    [TestCase(500, 500)]
    [TestCase(501, 501)]
    [TestCase(503, 503)]
    [TestCase(0, 500)]
    public void ToError_CodeOfANewerServer_HasTheStatusOfJetStreamsOwnCode(int code, int status) =>
        Assert.That(StatusOf(19999, code, null), Is.EqualTo(status));

    private static int StatusOf(int errCode, int code, string? text) =>
        ErrorResponses.StatusOf(
            JetStreamErrors.ToError(new Operation(OperationKind.ReadStream, "s"), new ApiError(code, errCode, text)).Kind);
}
