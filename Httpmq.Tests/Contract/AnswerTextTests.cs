using Httpmq.Tests.Support;

namespace Httpmq.Tests.Contract;

/// <summary>
/// What people get wrong, and what the answer must say so that they need not look anything up: the value, and the next step. A row is a
/// request, the status, and what message and detail must contain, split by "|". "{0}" is a stream of subjects "{0}.a" and "{0}.b" with
/// the limits max_msgs 5 and max_consumers 1 and the pull consumer "c"; single quotes stand for double ones in bodies.
/// </summary>
[Category(ServerUnderTest.Category)]
internal sealed class AnswerTextTests() : ContractTest("2.0")
{
    private string _stream = null!;

    [SetUp]
    public async Task DefineAsync()
    {
        _stream = SharedServers.NewName();
        (await ManageAsync("POST", "/v1/admin/stream",
            $$"""{"name":"{{_stream}}","subjects":["{{_stream}}.a","{{_stream}}.b"],"max_msgs":5,"max_consumers":1}""")).Expect(200);
        await Client.DefineConsumerAsync(_stream, "c", new() { ["mode"] = "pull" });
    }

    // Consumers
    [TestCase("POST /v1/admin/stream/{0}/consumer", "{'name':'d','max_inflight':1}", 400, "mode is required: 'push' or 'pull'")]
    [TestCase(
        "POST /v1/admin/stream/{0}/consumer", "{'name':'d','max_inflight':1,'Mode':'PUSH'}", 400, "mode: 'PUSH' is not 'push' or 'pull'")]
    [TestCase("POST /v1/admin/stream/{0}/consumer", "{'name':'d','max_inflight':'4','mode':'pull'}", 400,
        "max_inflight: \"4\" is text; an integer of at most")]
    [TestCase("POST /v1/admin/stream/{0}/consumer", "{'name':'d','max_inflight':4,'mode':'pull','ack_wait':30}", 400,
        "ack_wait: 30 ns|at least 1000000 ns (1 ms)|a number is nanoseconds|for 30 seconds write \"30s\"")]
    [TestCase("POST /v1/admin/stream/{0}/consumer", "{'name':'d','max_inflight':4,'mode':'pull','ack_wait':'5 minutes'}", 400,
        "ack_wait: \"5 minutes\"|\"30s\"|(ns, us, ms, s, m, h)")]
    [TestCase(
        "POST /v1/admin/stream/{0}/consumer", "{'name':'d','max_inflight':4,'mode':'pull','filter_subject':'orders.new'}", 400,
        "Failed to create consumer d of stream {0}|filter_subject: 'orders.new' is not within the subjects of "
            + "stream {0} ('{0}.a', '{0}.b')")]
    [TestCase("POST /v1/admin/stream/absent/consumer", "{'name':'d','max_inflight':4,'mode':'pull'}", 404,
        "Failed to create consumer d of stream absent|stream not found (err_code 10059); define it with POST /v1/admin/stream")]
    [TestCase("POST /v1/admin/stream/{0}/consumer", "{'name':'d','max_inflight':4,'mode':'pull'}", 409,
        "stream {0} has as many consumers as it may|(err_code 10026)|delete one|max_consumers|default_max_consumers")]
    [TestCase("POST /v1/admin/stream/{0}/consumer", "{'name':'c','max_inflight':4,'mode':'push'}", 409,
        "mode is 'pull' and cannot become 'push'|delete the consumer first, or use another name")]
    [TestCase("POST /v1/admin/stream/{0}/consumer", "{'name':'d','max_inflght':4,'mode':'pull'}", 400,
        "max_inflight is required|unknown field 'max_inflght'; did you mean 'max_inflight'?")]

    [TestCase("POST /v1/admin/stream/KV_httpmq_locks/consumer", "{'name':'d','max_inflight':4,'mode':'pull'}", 400,
        "stream: 'KV_httpmq_locks' is the gateway's own stream")]

    // Streams
    [TestCase("POST /v1/admin/stream", "{'name':'{0}','subjects':['{0}.a','{0}.b'],'max_msgs':10,'max_consumers':1}", 409,
        "max_msgs: the stream has 5, and 10 was asked for|PUT /v1/admin/stream/{0}/limit|(err_code 10058)")]
    [TestCase("POST /v1/admin/stream", "{'name':'{0}','subjects':['{0}.a','{0}.c'],'max_msgs':5,'max_consumers':1}", 409,
        "subjects: the stream has '{0}.a', '{0}.b', and '{0}.a', '{0}.c' was asked for|PUT /v1/admin/stream/{0}/subject|(err_code 10058)")]
    [TestCase("POST /v1/admin/stream", "{'name':'{0}','subjects':['{0}.a','{0}.b'],'max_msgs':5}", 409,
        "max_consumers: the stream has 1, and -1 was asked for|delete the stream first, or use another name|(err_code 10058)")]
    [TestCase("POST /v1/admin/stream", "{'name':'other-{0}','subjects':['x.{0}','{0}.b']}", 409,
        "subjects: '{0}.b' overlaps with '{0}.b' of stream {0}|(err_code 10065)")]
    [TestCase("POST /v1/admin/stream", "{'name':'other-{0}','subjects':['{0}.>']}", 409,
        "subjects: '{0}.>' overlaps with '{0}.a' of stream {0}|(err_code 10065)")]
    [TestCase("POST /v1/admin/stream", "{'name':'other-{0}','replicas':3}", 400,
        "replicas: 3 needs a cluster|this is a single one|leave replicas out, or set it to 1|(err_code 10074)")]
    [TestCase("POST /v1/admin/stream", "{'name':'other-{0}','max_age':300}", 400, "max_age: 300 ns|for 300 seconds write \"300s\"")]
    [TestCase("POST /v1/admin/stream", "{'name':'other-{0}','max_age':'0.05s'}", 400,
        "max_age: 50000000 ns (50 ms) is not 0 (no limit) or at least 100000000 ns (100 ms)")]
    [TestCase("POST /v1/admin/stream", "{'name':'other-{0}','max_age':'5'}", 400, "max_age: \"5\" has a number without a unit")]
    [TestCase("POST /v1/admin/stream", "{'name':'other-{0}','subjects':'a.b'}", 400,
        "subjects: \"a.b\" is text; an array of texts, such as [\"orders.*\"], is expected")]
    [TestCase("POST /v1/admin/stream", "{'name':'other-{0}','max_bytes':'1GB'}", 400,
        "max_bytes: \"1GB\" is text; an integer (of bytes) of at most")]
    [TestCase("POST /v1/admin/stream", "{'name':5}", 400, "name: 5 is a number; text in double quotes is expected")]
    [TestCase("POST /v1/admin/stream", "{'nam':'x'}", 400, "name is required|unknown field 'nam'; did you mean 'name'?")]
    [TestCase("PUT /v1/admin/stream/{0}/subject", "{'subject':'{0}.c'}", 400,
        "subjects: at least one is required|unknown field 'subject'; did you mean 'subjects'?")]

    [TestCase("PUT /v1/admin/stream/absent/limit", "{'max_msgs':5}", 404,
        "stream not found (err_code 10059); define it with POST /v1/admin/stream")]
    [TestCase("GET /v1/admin/stream/absent/consumer", null, 404, "define it with POST /v1/admin/stream")]

    // JSON
    [TestCase("POST /v1/admin/stream", "{\u2018name\u2019:'x'}", 400,
        "text and names stand in double quotes (\"), not in single ones (') at line 1, byte 2")]
    [TestCase("POST /v1/admin/stream", "{name:'x'}", 400, "a field name in double quotes is expected at line 1, byte 2")]
    [TestCase("POST /v1/admin/stream", "{'name':x}", 400, "a JSON value is expected: text in double quotes, a number, |line 1, byte 9")]
    [TestCase("POST /v1/admin/stream", "{'name':'x',}", 400, "a comma stands before the closing bracket at line 1, byte 13")]
    [TestCase("POST /v1/admin/stream", "{'name':'x'", 400, "the JSON ends too early")]
    [TestCase("POST /v1/admin/stream", "{'name':'x'}}", 400, "something follows the JSON value at line 1, byte 13")]
    [TestCase("POST /v1/admin/stream", "{'name':'x' // the name\n}", 400, "JSON has no comments at line 1, byte 13")]
    [TestCase("POST /v1/admin/stream", "{'name' 'x'}", 400, "a colon is expected")]
    [TestCase("POST /v1/admin/stream", "{'name':'x' 'max_msgs':5}", 400, "a comma or a closing bracket is expected at line 1, byte 13")]
    [TestCase("POST /v1/admin/stream", "{'name':'a\\qb'}", 400, "a backslash before a character that has no escape")]
    [TestCase("POST /v1/admin/stream", "{'name':'a\nb'}", 400, "text has a line break or another control character")]
    [TestCase("POST /v1/admin/stream", "{'max_msgs':05}", 400, "a number has no leading zero")]
    [TestCase("POST /v1/admin/stream", "\uFEFF{'name':'x'}", 400, "byte order mark")]
    [TestCase("POST /v1/admin/stream", "{'name':True}", 400, "a JSON value is expected")]
    [TestCase("POST /v1/admin/stream", "['x']", 400, "the body is an array, and a JSON object was expected")]

    // Parameters
    [TestCase("GET /v1/admin/stream/{0}?strict=perhaps", null, 400, "strict: 'perhaps' is not true or false")]
    [TestCase("GET /v1/admin/stream/{0}?strict=true&names=1", null, 400, "unknown parameter 'names'|refused because of strict=true")]
    public async Task Answer_ToAMistake_SaysWhatItIsAndWhatToDo(string request, string? body, int status, string texts)
    {
        var (method, target) = (request[..request.IndexOf(' ')], request[(request.IndexOf(' ') + 1)..]);
        var answer = await ManageAsync(
            method, Fill(target), body is null ? null : Fill(body.Replace('\'', '"').Replace('\u2018', '\'').Replace('\u2019', '\'')));
        answer.Expect(status);
        var said = $"{answer.Message}: {answer.Detail}";
        foreach (var text in Fill(texts).Split('|'))
        {
            Assert.That(said, Does.Contain(text));
        }
    }

    private string Fill(string text) => text.Replace("{0}", _stream, StringComparison.Ordinal);
}
