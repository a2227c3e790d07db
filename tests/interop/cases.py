"""Random cases: a model, messages, settings, parameters and sometimes a profile, as `converse request` takes them."""

from __future__ import annotations

from typing import Any, get_args

from pydantic_ai.models.bedrock import LatestBedrockModelNames
from pydantic_ai.providers._bedrock_model_names import BEDROCK_GEO_PREFIXES, split_bedrock_model_id
from pydantic_ai.providers.bedrock import BedrockProvider

from histories import Histories
from loopback import Json
from values import Draw

NAMES: tuple[str, ...] = get_args(LatestBedrockModelNames)
# Names that no list has: newer and odd members of each family, and what looks like one.
INVENTED = [
    'anthropic.claude-mythos-5', 'anthropic.claude-opus-4-9-20270101-v1:0', 'anthropic.claude-haiku-4-5', 'claude-opus-5',
    'anthropic.claude-opus-4-1-v3', 'amazon.nova-2-sonic-v1:0', 'amazon.nova-9-v1:0', 'amazon.titan-x', 'amazon.rufus-nova',
    'mistral.voxtral-mini-3b-2507', 'mistral.magistral-medium-v2', 'mistral.codestral', 'cohere.command-a-reasoning-v1:0',
    'cohere.embed-v4:0', 'deepseek.v4-pro', 'deepseek.deepseek-r1', 'deepseek.r1-distill-v1:0', 'deepseek.deepseek-v4-x',
    'openai.gpt-oss-120b-1:0', 'openai.gpt-oss-20b-1:0', 'openai.gpt-oss-safeguard-20b', 'qwen.qwen3.5-400b', 'qwen.qwq-32b',
    'qwen.qwen2.5-72b', 'qwen.qwen-3-coder', 'google.gemma-4-9b', 'google.gemini-x', 'minimax.minimax-m3', 'minimax.abab-7',
    'nvidia.nemotron-nano-1b', 'nvidia.nemotron-ultra', 'writer.palmyra-x6-v1:0', 'zai.glm-6', 'moonshot.kimi-k3',
    'moonshotai.kimi-k2-thinking-v1:0', 'meta.llama5-9b-instruct-v1:0', 'ai21.jamba-1-5-large-v1:0', 'luma.ray-v2:0',
    'anthropic.', 'unknown', 'stability.sd3-5-large-v1:0', 'twelvelabs.pegasus-1-2-v1:0', 'anthropic.claude-v1-v2:10',
]  # fmt: skip
NOT_ON_CONVERSE = ['openai.gpt-5.4', 'us.openai.gpt-5.4-v1:0', 'openai.gpt-6-mini', 'openai.o9']
ARNS = [
    'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/mi1dadi0g15f',
    'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-20250514-v1:0',
    'arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-pro-v1:0',
    'arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:provisioned-model/abc123def456',
    'arn:aws:bedrock:us-east-1:123456789012:prompt/PROMPT12345:1',
    'arn:aws:sagemaker:us-east-1:123456789012:endpoint/my-endpoint',
]
NATIVE = ['web_search', 'web_fetch', 'image_generation', 'memory']
EFFORTS = ['minimal', 'low', 'medium', 'high', 'xhigh']
TEMPLATES = ['Answer as JSON: {schema}', 'Only JSON.', 'Schema:\n{schema}\nand {schema}', 'Literal {{braces}} {schema}', '']


def draw_model(d: Draw) -> str:
    kind = d.weighted({'known': 12, 'geo': 5, 'invented': 5, 'arn': 1, 'elsewhere': 0.25, 'native': 0.7})
    if kind == 'native':
        return d.pick(['us.', 'global.', '']) + 'amazon.nova-2-lite-v1:0'
    if kind == 'known':
        return d.pick(NAMES)
    if kind == 'geo':
        provider, _, name = d.pick(NAMES).removeprefix('us.').removeprefix('eu.').removeprefix('global.').partition('.')
        return f'{d.pick([*BEDROCK_GEO_PREFIXES, "sa"])}.{provider}.{name}'
    if kind == 'invented':
        return d.pick(['', '', '', 'us.', 'eu.', 'global.', 'us-gov.']) + d.pick(INVENTED)
    return d.pick(ARNS if kind == 'arn' else NOT_ON_CONVERSE)


def family(model: str) -> str:
    return 'arn' if model.startswith('arn:') else split_bedrock_model_id(model)[0] or 'other'


class Cases:
    """One case per key; `op`, `case` and `downloads` are what the two sides get."""

    def __init__(self, key: str, *, downloads: bool = True) -> None:
        self.d = d = Draw(key, downloads=downloads)
        self.op = d.weighted({'converse': 6, 'converse-stream': 2, 'count-tokens': 2})
        self.model = draw_model(d)
        self.profile = dict(BedrockProvider.model_profile(self.model) or {})
        case: dict[str, Any] = {'model': self.model}
        if d.chance(0.12):
            case['profile'] = self.draw_profile()
            self.profile |= case['profile']
        case['parameters'] = self.draw_parameters()
        case['settings'] = self.draw_settings(case['parameters'])
        tools = [t['name'] for k in ('function_tools', 'output_tools') for t in case['parameters'].get(k) or []]
        case['messages'] = Histories(d, tools=tools).history()
        self.case = {k: case[k] for k in ('model', 'messages', 'settings', 'parameters', 'profile') if k in case}
        self.downloads = d.downloads

    def draw_profile(self) -> Json:
        d = self.d
        flags = [
            'supports_json_schema_output', 'native_output_requires_schema_in_instructions', 'supports_thinking',
            'thinking_always_enabled', 'bedrock_supports_tool_choice', 'bedrock_send_back_thinking_parts',
            'bedrock_supports_prompt_caching', 'bedrock_supports_tool_caching', 'bedrock_supports_leading_assistant_message',
            'bedrock_supports_tool_result_status', 'bedrock_supports_strict_tool_definition',
            'bedrock_supports_adaptive_thinking', 'bedrock_supports_effort', 'supports_tool_return_schema',
        ]  # fmt: skip
        kinds = ['text', 'image', 'document', 'video']
        other = {
            'bedrock_tool_result_format': d.pick(['text', 'json']),
            'bedrock_supported_media_kinds_in_tool_returns': [k for k in kinds[1:] if d.chance(0.5)],
            # What names a file that stands beside a result is text.
            'bedrock_tool_result_colocatable_content': d.pick([[], ['text', *(k for k in kinds[1:] if d.chance(0.5))]]),
            'bedrock_thinking_variant': d.pick(['anthropic', 'openai', 'qwen', None]),
            'bedrock_top_k_variant': d.pick(['anthropic', 'nova', None]),
            'default_structured_output_mode': d.pick(['tool', 'native', 'prompted']),
            'prompted_output_template': d.pick(TEMPLATES),
            'thinking_tags': ['<r>', '</r>'],
            'ignore_streamed_leading_whitespace': d.chance(0.5),
        }
        profile = d.members({f: d.chance(0.6) for f in flags}, 0.2) | d.members(other, 0.2)
        rare = {'supports_tools': False, 'bedrock_supported_on_converse': False, 'supports_image_output': True}
        return profile | d.members(rare, 0.02)

    # Parameters

    def draw_tool(self, name: str, kind: str = 'function') -> Json:
        d = self.d
        tool: Json = {'name': name, 'parameters_json_schema': d.schema()}
        tool['description'] = d.weighted({None: 2, '': 0.3, d.text(0): 5})
        tool['strict'] = d.weighted({None: 6, True: 2.5, False: 1})
        if kind != 'function' or d.chance(0.3):
            tool['kind'] = kind
        if kind == 'function' and d.chance(0.12):
            tool |= {'return_schema': d.pick([d.schema(), {}]), 'include_return_schema': d.pick([True, True, False])}
        rare = {'sequential': True, 'metadata': {'a': 1}, 'timeout': 1.5, 'toolset_id': '<agent>', 'max_retries': 1}
        tool |= d.members({k: v for k, v in rare.items() if k != 'max_retries'}, 0.05)
        if kind == 'function' and d.chance(0.02):
            tool |= d.pick([{'defer_loading': True}, {'unless_native': 'code_execution'}, {'with_native': 'tool_search'}])
        return tool

    def draw_parameters(self) -> Json:
        d = self.d
        parameters: Json = {}
        names = d.rng.sample(['get_weather', 'lookup', 'search-docs', 'sum', 'Tool_9', 'list'], d.few(4, 4, 3, 1.5))
        if names or d.chance(0.3):
            parameters['function_tools'] = [self.draw_tool(n) for n in names]
            if d.chance(0.03):
                parameters['revealed_tool_names'] = names[:1]
        native = self.profile.get('supports_json_schema_output', False)
        mode = d.weighted({'text': 9, 'tool': 4, 'native': 4 if native else 0.2, 'prompted': 2.5, 'auto': 3})
        if mode != 'text' or d.chance(0.5):
            parameters['output_mode'] = mode
        if mode in ('tool', 'auto'):
            outputs = ['final_result', 'final_result_City'][: d.few(0, 5, 1)]
            parameters['output_tools'] = [self.draw_tool(n, 'output') for n in outputs]
            parameters['allow_text_output'] = d.chance(0.25)
        if mode in ('native', 'prompted', 'auto') and d.chance(0.97):
            output = {'json_schema': d.schema(), 'name': d.pick([None, 'City']), 'description': d.pick([None, '', d.text(0)])}
            parameters['output_object'] = output | d.members({'strict': d.pick([None, True, False])}, 0.3)
            parameters |= d.members({'prompted_output_template': d.pick([None, False, *TEMPLATES])}, 0.25)
        elif 'allow_text_output' not in parameters:
            parameters |= d.members({'allow_text_output': not d.chance(0.04)}, 0.5)
        if d.chance(0.35):
            parts = [{'content': d.text(), 'dynamic': dynamic, **d.members({'part_kind': 'instruction'})}
                     for dynamic in ([False] * d.few(2, 3, 1) + [True] * d.few(3, 3, 1))]  # fmt: skip
            if d.chance(0.1):
                d.rng.shuffle(parts)
            parameters['instruction_parts'] = d.weighted({None: 1, 'parts': 9}) and parts
        nova_2 = 'amazon.nova-2' in self.model
        if d.chance(0.5 if nova_2 else 0.01):
            parameters['native_tools'] = [{'kind': 'code_execution'}]
            if d.chance(0.06):
                kind = {'kind': d.pick(NATIVE), 'optional': d.chance(0.7)}
                parameters['native_tools'].append(d.pick([kind, {'kind': 'code_execution', 'optional': False}]))
        if d.chance(0.06):
            parameters['thinking'] = d.pick([None, True, False, *EFFORTS])
        return parameters | d.members({'allow_image_output': True}, 0.004)

    # Settings

    def draw_tool_choice(self, parameters: Json, thinking: bool) -> Json:
        d = self.d
        functions = [t['name'] for t in parameters.get('function_tools') or []]
        outputs = [t['name'] for t in parameters.get('output_tools') or []]
        text = parameters.get('allow_text_output', True)
        forcing = self.profile.get('bedrock_supports_tool_choice', False) and not thinking
        some = [n for n in functions if d.chance(0.6)]
        if not text and not outputs and d.chance(0.97):
            return 'auto'
        if d.chance(0.02):
            some += ['no_such_tool']
        choices = {'auto': 2, 'none': 2, None: 0.5, 'combined': 2}
        choices |= {'required': 3, 'list': 4} if forcing and functions else {'required': 0.1, 'list': 0.1, 'empty': 0.5}
        kind = d.weighted(choices)
        if kind == 'combined':
            return {'function_tools': some}
        if kind in ('list', 'empty'):
            names = some or functions[:1]
            return [] if kind == 'empty' else names + [n for n in outputs if d.chance(0.4)]
        return kind

    def draw_additional_fields(self) -> Json:
        d = self.d
        fields = {
            'thinking': {'type': d.pick(['enabled', 'adaptive', 'disabled']), 'budget_tokens': 1024},
            'top_k': 5, 'inferenceConfig': d.pick([{'topK': 3}, {'temperature': 0.5}, {}]),
            'output_config': {'effort': 'low'}, 'reasoning_effort': 'low', 'reasoning_config': 'low',
            'anthropic_beta': ['context-1m-2025-08-07'], d.word(): d.json(),
        }  # fmt: skip
        return d.members(fields, 0.2)

    def draw_settings(self, parameters: Json) -> Json:
        d = self.d
        settings: Json = d.members({
            'max_tokens': d.pick([1, 512, 4096, 0]), 'temperature': d.pick([0, 0.0, 0.7, 1, 0.1]),
            'top_p': d.pick([0.9, 1, 0]), 'stop_sequences': d.pick([['END'], ['a', 'b\n'], []]),
        }, 0.2)  # fmt: skip
        settings |= d.members({
            'seed': 7, 'presence_penalty': 0.5, 'parallel_tool_calls': False, 'timeout': 30, 'logit_bias': {'1': 2},
            'extra_body': {'x': 1}, 'openai_user': 'me', 'unknown_setting': {'a': [1]},
            'extra_headers': d.pick([{'X-Custom': 'one'}, {'x-a': '1', 'X-B': 'two words'}, {}]),
            'bedrock_guardrail_config': {'guardrailIdentifier': 'gr-1', 'guardrailVersion': 'DRAFT', 'trace': 'enabled'},
            'bedrock_performance_configuration': {'latency': 'optimized'},
            'bedrock_request_metadata': d.pick([{'team': 'a', 'job': 'é'}, {}]),
            'bedrock_additional_model_response_fields_paths': d.pick([['/stop_sequence'], []]),
            'bedrock_prompt_variables': {'name': {'text': d.text()}},
            'bedrock_service_tier': {'type': d.pick(['default', 'flex', 'priority', 'reserved'])},
            'bedrock_inference_profile': d.pick([*ARNS, 'us.amazon.nova-micro-v1:0', '']),
        }, 0.07)  # fmt: skip
        settings |= d.members({'service_tier': d.pick(['auto', 'default', 'flex', 'priority'])}, 0.1)
        settings |= d.members({'top_k': d.pick([0, 1, 40])}, 0.15)
        for name in ('bedrock_cache_tool_definitions', 'bedrock_cache_instructions', 'bedrock_cache_messages'):
            if d.chance(0.3):
                settings[name] = d.weighted({True: 4, '5m': 2, '1h': 2, False: 1})
        if d.chance(0.2):
            settings['bedrock_additional_model_requests_fields'] = self.draw_additional_fields()
        tools_only = parameters.get('output_mode') == 'tool' and not parameters.get('allow_text_output', True)
        if d.chance(0.04 if tools_only else 0.25):
            settings['thinking'] = d.weighted({True: 2, False: 1, **{e: 1 for e in EFFORTS}})
        fields = settings.get('bedrock_additional_model_requests_fields') or {}
        thinking = bool(settings.get('thinking') or parameters.get('thinking') or fields.get('thinking'))
        if d.chance(0.35):
            settings['tool_choice'] = self.draw_tool_choice(parameters, thinking)
        return settings
